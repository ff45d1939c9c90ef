from dataclasses import replace

import pytest

from core.search.studies import StudyRecord
from dashboard.charts.colors import codec_style
from dashboard.views.trials.overview_charts import (
    importances_figure,
    importances_table,
    overlay_figure,
)
from tests.dashboard.views.trials.trial_records import study, trial


def test_overlaid_studies_have_one_colour_each():
    figure = overlay_figure("history", [study(1.0, 2.0), study(3.0, name="ae40")])
    colors = {trace.name.rsplit(" ")[-1]: trace.line.color for trace in figure.data}
    assert set(colors) == {"ae80", "ae40"}
    assert len(set(colors.values())) == 2


def test_studies_with_other_directions_are_refused_by_name():
    with pytest.raises(ValueError, match=r"ae80 \(maximize\), ae40 \(minimize\)"):
        overlay_figure("edf", [study(1.0), study(1.0, name="ae40", direction="minimize")])


def test_importances_of_all_studies_stand_in_one_table_and_one_figure():
    def many(name):
        trials = tuple(
            trial(
                n,
                float(n),
                params={
                    "activation": ("relu", "leaky_relu")[n % 2],
                    "learning_rate": 0.001 * (n + 1),
                },
            )
            for n in range(8)
        )
        return StudyRecord(name, ("maximize",), {}, trials)

    equal = replace(many("flat"), trials=tuple(replace(t, value=1.0) for t in many("flat").trials))
    table = importances_table([many("ae80"), many("ae40"), study(1.0, name="one"), equal])
    assert table["parameter"].tolist() == ["activation", "learning_rate"]
    assert {"ae80", "ae40"} <= set(table)
    assert not {"one", "flat"} & set(table)
    assert table["ae80"].sum() == pytest.approx(1.0)
    figure = importances_figure(table, {"ae80": "One layer"})
    assert figure.data[0].name == "One layer"
    assert figure.data[0].marker.color == codec_style("ae80").color
