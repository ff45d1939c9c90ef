import math
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution

from core.search.studies import StudyRecord, TrialRecord
from dashboard.charts.colors import codec_style
from dashboard.views.trials.charts import (
    MAX_DRAWN,
    PLOTS,
    Drawing,
    can_be_logarithmic,
    drawn_trials,
    trial_figure,
)
from dashboard.views.trials.objectives import front_numbers, hypervolume_figure, reference_point
from dashboard.views.trials.optima import cell, optima, optima_table, verdict
from dashboard.views.trials.overview_charts import (
    importances_figure,
    importances_table,
    overlay_figure,
)
from dashboard.views.trials.parameters import category_text, parameters_of
from dashboard.views.trials.style import RING, SCALE, scale_color
from dashboard.views.trials.tables import (
    TrialFilter,
    differences_table,
    marks,
    rerun_command,
    sorted_trials,
    trials_table,
)

DISTRIBUTIONS = {
    "activation": CategoricalDistribution(("relu", "leaky_relu")),
    "learning_rate": FloatDistribution(1e-4, 10.0, log=True),
}


def trial(number, value=None, *, state="complete", **more):
    params = more.pop("params", {"activation": "relu", "learning_rate": 0.001 * (number + 1)})
    return TrialRecord(
        number,
        state,
        value,
        params,
        distributions={name: DISTRIBUTIONS[name] for name in params},
        **more,
    )


def study(*values, name="ae80", direction="maximize"):
    trials = tuple(trial(number, value) for number, value in enumerate(values))
    return StudyRecord(name, (direction,), {}, trials)


def test_a_filter_without_bounds_lets_every_trial_pass():
    trials = [trial(0, 1.0), trial(1, state="fail"), trial(2, state="waiting", params={})]
    assert TrialFilter().matching(trials) == trials


def test_bounds_of_value_parameter_and_choice_each_keep_trials_out():
    trials = [trial(number, float(number)) for number in range(4)]
    assert [t.number for t in TrialFilter(values=(1, 2)).matching(trials)] == [1, 2]
    ranges = {"learning_rate": (0.0025, 0.1)}
    assert [t.number for t in TrialFilter(ranges=ranges).matching(trials)] == [2, 3]
    assert TrialFilter(choices={"activation": ["leaky_relu"]}).matching(trials) == []
    assert TrialFilter(states=("pruned",)).matching(trials) == []


def test_a_trial_without_a_value_passes_a_range_of_values():
    waiting = trial(1, state="pruned")
    assert TrialFilter(values=(5, 6)).matching([trial(0, 1.0), waiting]) == [waiting]


def test_few_trials_are_all_drawn_and_of_many_an_even_choice_with_the_best():
    few = [trial(number, 0.0) for number in range(5)]
    assert drawn_trials(few, best=None) == few
    many = [trial(number, 0.0) for number in range(5000)]
    drawn = drawn_trials(many, best=many[17])
    numbers = [found.number for found in drawn]
    assert len(numbers) <= MAX_DRAWN + 1
    assert 17 in numbers
    assert numbers == sorted(numbers)
    assert max(b - a for a, b in pairwise(numbers)) < 12


def test_the_history_shows_the_numbers_that_the_trials_have_in_their_study():
    trials = [trial(3, 1.0), trial(7, 3.0), trial(9, 2.0)]
    points, best = trial_figure("history", trials, Drawing("maximize")).data
    assert list(points.x) == list(best.x) == [3, 7, 9]
    assert list(points.y) == [1.0, 3.0, 2.0]
    assert list(best.y) == [1.0, 3.0, 3.0]


def test_slices_are_coloured_by_the_trials_own_numbers_on_our_scale():
    trials = [trial(3, 1.0), trial(7, 3.0)]
    figure = trial_figure("slice", trials, Drawing("maximize"))
    assert list(figure.data[0].marker.color) == [3, 7]
    assert figure.layout.template.layout.plot_bgcolor is None
    assert [color for _, color in figure.data[0].marker.colorscale] == [c for _, c in SCALE]


def test_values_can_have_a_logarithmic_axis():
    trials = [trial(0, 1.0), trial(1, 3.0)]
    axis = trial_figure("history", trials, Drawing("maximize", log_value=True)).layout.yaxis
    assert axis.type == "log"


def test_overlaid_studies_have_one_colour_each():
    figure = overlay_figure("history", [study(1.0, 2.0), study(3.0, name="ae40")])
    colors = {trace.name.rsplit(" ")[-1]: trace.line.color for trace in figure.data}
    assert set(colors) == {"ae80", "ae40"}
    assert len(set(colors.values())) == 2


def test_studies_with_other_directions_are_refused_by_name():
    with pytest.raises(ValueError, match=r"ae80 \(maximize\), ae40 \(minimize\)"):
        overlay_figure("edf", [study(1.0), study(1.0, name="ae40", direction="minimize")])


def test_a_table_of_trials_has_a_column_for_each_parameter_and_note():
    table = trials_table([trial(0, 1.0, attributes={"filters": [32, 64]}), trial(1, state="fail")])
    assert table.loc[0, ["activation", "filters"]].tolist() == ["relu", "32 64"]
    assert table["number"].tolist() == [0, 1]
    assert trials_table([]).empty


def test_differences_leave_out_what_is_equal():
    table = differences_table([trial(0, 1.0), trial(1, 2.0)]).set_index("property")
    assert sorted(table.index) == ["learning_rate", "value"]
    assert table.loc["learning_rate"].tolist() == ["0.001", "0.002"]


def test_the_thesis_stands_in_the_table_before_its_trial_has_run():
    empty = StudyRecord("ae80", ("maximize",), {"thesis": {"filters_1": 64}}, ())
    (found,) = optima([empty])
    assert cell(found.thesis_params, found.thesis) == "filters 64 · not run yet"
    assert optima_table([found], {})["thesis_filters"].tolist() == ["64"]
    (unknown,) = optima([StudyRecord("x", ("maximize",), {}, ())])
    assert cell(unknown.thesis_params, unknown.thesis) == "not run"
    assert verdict([found, unknown], {}) == ""


def test_the_command_to_train_a_trial_in_full_names_all_its_choices():
    found = trial(0, 1.0, attributes={"filters": [32, 64]})
    assert rerun_command("ae40", found) == (
        "python -m pipelines.train ae40 --filters 32 64 --activation relu "
        "--learning-rate 0.001 --restart"
    )


def both(number):
    """Parameters of a trial, different in each."""
    return {
        "activation": ("relu", "leaky_relu")[number % 2],
        "learning_rate": 0.001 * (number + 1),
    }


def searched(*, better):
    """A study whose first trial has the thesis' values, and whether a later one is better."""
    origin = trial(0, 2.0, attributes={"origin": "thesis", "filters": [64]})
    return StudyRecord("ae80", ("maximize",), {}, (origin, trial(1, 3.0 if better else 1.0)))


def test_the_verdict_says_where_nothing_better_was_found():
    labels = {"ae80": "Autoencoder, 1 layer"}
    assert verdict(optima([searched(better=False)]), labels) == (
        "For Autoencoder, 1 layer **nothing better was found** in 2 trials."
    )
    assert verdict(optima([searched(better=True)]), labels) == (
        "The search beat the thesis' values for Autoencoder, 1 layer by **+1.00**."
    )


def test_a_study_that_minimises_gains_by_going_down():
    study = replace(searched(better=False), directions=("minimize",))
    (found,) = optima([study])
    assert found.best.number == 1
    assert found.gain == 1.0


def test_the_best_score_stands_first_and_pruned_trials_last_in_every_order():
    trials = [
        trial(0, 1.0),
        trial(1, state="pruned", reports={1: 9.0}),
        trial(2, 3.0),
        trial(3, state="pruned", reports={1: 10.0}),
    ]
    found = StudyRecord("ae80", ("maximize",), {}, tuple(trials))
    by_score = [t.number for t in sorted_trials(found, trials, "score")]
    assert by_score == [2, 0, 3, 1]
    assert [t.number for t in sorted_trials(found, trials, "number")] == [0, 2, 1, 3]
    assert {t.number for t in sorted_trials(found, trials, "seconds")[:2]} == {0, 2}
    lowest = replace(found, directions=("minimize",))
    assert [t.number for t in sorted_trials(lowest, trials, "score")] == [0, 2, 1, 3]


def test_the_best_trial_and_that_of_the_thesis_are_marked():
    study = searched(better=True)
    assert marks(study, study.trials) == ["thesis", "★ best"]
    study = searched(better=False)
    assert marks(study, study.trials) == ["★ thesis", ""]


HOSTILE_NOTES = {
    "number": 9,
    "value": 5,
    "state": "odd",
    "seconds": -1,
    "object": {"a": [1, 2]},
    "none": None,
    "activation": "tanh",
}


def test_a_note_that_is_called_like_a_column_replaces_none():
    table = trials_table([trial(4, 1.5, attributes=HOSTILE_NOTES)])
    row = table.iloc[0]
    assert row[["number", "value", "state"]].tolist() == [4, 1.5, "complete"]
    assert row["activation"] == "relu"
    assert row["seconds (note)"] == -1
    assert row["activation (note)"] == "tanh"
    assert row["object"] == '{"a": [1, 2]}'


def test_values_of_a_category_that_read_alike_are_told_apart():
    texts = [category_text(value) for value in ("3", 3, True, "True", None, "None", "relu", "")]
    assert len(set(texts)) == len(texts)
    assert texts[1] == "3"
    assert texts[6] == "relu"


def test_a_range_that_changed_midway_covers_all_that_was_tried():
    low, high = FloatDistribution(1e-3, 1e-2, log=True), FloatDistribution(0.05, 1, log=True)
    trials = [
        replace(trial(0, 1.0, params={}), params={"lr": 1e-3}, distributions={"lr": low}),
        replace(trial(1, 1.0, params={}), params={"lr": 0.5}, distributions={"lr": high}),
    ]
    (found,) = parameters_of(trials)
    assert (found.low, found.high, found.scale) == (1e-3, 1.0, "logarithmic")


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
@pytest.mark.parametrize("name", list(PLOTS))
def test_every_plot_draws_infinite_scores_and_odd_categories_without_an_error(name, direction):
    start = datetime(2026, 1, 1)
    mixed = CategoricalDistribution(("a", None, True, 3, 2.5))
    trials = [
        replace(
            trial(number, value, params={}),
            params={"x": 0.1 * number, "c": mixed.choices[number % 5]},
            distributions={"x": FloatDistribution(0, 1), "c": mixed},
            reports={1: math.nan, 2: 5.0, 3: math.inf},
            started=start,
            finished=start,
        )
        for number, value in enumerate([*range(8), math.inf, -math.inf])
    ]
    drawing = Drawing(direction, best=7, chosen=(2, 5))
    figure = trial_figure(name, trials, drawing)
    assert figure.data
    assert "Infinity" not in figure.to_json()


def test_the_lines_of_parallel_coordinates_have_the_colours_of_their_bar():
    figure = trial_figure(
        "parallel", [trial(0, 1.0), trial(1, 2.0), trial(2, 3.0)], Drawing("maximize")
    )
    *lines, bar = figure.data
    colors = {line.name: line.line.color for line in lines}
    assert (bar.marker.cmin, bar.marker.cmax) == (1.0, 3.0)
    assert colors["Trial 0"] == scale_color(0.0)
    assert colors["Trial 1"] == scale_color(0.5)
    assert colors["Trial 2"] == scale_color(1.0)
    assert [color for _, color in bar.marker.colorscale] == [color for _, color in SCALE]


def test_the_points_of_ranks_have_the_colours_of_their_bar():
    trials = [trial(number, float(number)) for number in range(3)]
    figure = trial_figure("rank", trials, Drawing("maximize"))
    points = next(trace for trace in figure.data if trace.hovertext is not None)
    assert list(points.marker.color) == [scale_color(index) for index in (0.0, 0.5, 1.0)]
    bar = next(trace for trace in figure.data if trace.marker.colorscale is not None)
    assert [color for _, color in bar.marker.colorscale] == [color for _, color in SCALE]
    assert not bar.marker.reversescale


def test_the_strong_end_of_the_colours_is_the_better_one_in_both_directions():
    trials = [trial(0, 1.0), trial(1, 2.0)]
    figure = trial_figure("parallel", trials, Drawing("minimize"))
    colors = {line.name: line.line.color for line in figure.data[:-1]}
    assert colors["Trial 0"] == scale_color(1.0)
    assert figure.data[-1].marker.reversescale


@pytest.mark.parametrize("name", ["history", "slice", "contour", "rank"])
def test_chosen_trials_get_a_ring_and_the_others_stay(name):
    trials = [trial(number, float(number)) for number in range(4)]
    trials = [
        replace(t, params={**t.params, "activation": "relu" if t.number % 2 else "leaky_relu"})
        for t in trials
    ]
    plain = trial_figure(name, trials, Drawing("maximize"))
    ringed = trial_figure(name, trials, Drawing("maximize", chosen=(1,)))
    rings = [t for t in ringed.data if t.type == "scatter" and t.marker.symbol == RING["symbol"]]
    assert rings
    assert len(ringed.data) == len(plain.data) + len(rings)


def ticks(axis):
    return zip(axis.ticktext, axis.tickvals, strict=True)


def test_ticks_of_a_learning_rate_read_in_full():
    trials = [trial(number, float(number)) for number in range(4)]
    axis = trial_figure("slice", trials, Drawing("maximize")).layout.xaxis2
    assert axis.type == "log"
    assert "0.001" in axis.ticktext
    assert all(float(text.replace(",", "")) == pytest.approx(tick) for text, tick in ticks(axis))


def test_learning_curves_name_the_best_and_the_chosen_only():
    trials = [trial(number, float(number), reports={1: 1.0, 2: 2.0}) for number in range(9)]
    figure = trial_figure("intermediate", trials, Drawing("maximize", "#123456", 8, (3,)))
    named = [trace.name for trace in figure.data if trace.showlegend]
    assert named == ["Trial 3", "Trial 8, best"]
    assert figure.data[-1].line.color == "#123456"


def test_scores_have_a_logarithmic_axis_only_where_they_span_a_decade():
    assert not can_be_logarithmic([trial(0, 20.0), trial(1, 28.0)])
    assert not can_be_logarithmic([trial(0, -1.0), trial(1, 28.0)])
    assert can_be_logarithmic([trial(0, 0.01), trial(1, 28.0)])


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


def objectives_study(*pairs, directions=("maximize", "minimize")):
    trials = tuple(
        replace(trial(number, values[0]), values=values) for number, values in enumerate(pairs)
    )
    return StudyRecord("ae80", directions, {}, trials, objectives=("PSNR", "bytes"))


def test_the_front_holds_the_trials_that_no_other_dominates():
    study = objectives_study((1.0, 1.0), (2.0, 2.0), (1.5, 3.0), (3.0, 9.0), (math.inf, 0.0))
    assert front_numbers(study) == {0, 1, 3}
    assert reference_point(study) == [1.0, 9.0]
    figure = hypervolume_figure(study, reference_point(study))
    volumes = [value for trace in figure.data for value in trace.y]
    assert volumes == sorted(volumes)
    assert volumes[-1] > 0


def test_a_study_can_be_judged_by_any_of_its_objectives():
    study = objectives_study((1.0, 1.0), (2.0, 2.0))
    assert study.judged_by(0).best.number == 1
    by_bytes = study.judged_by(1)
    assert by_bytes.best.number == 0
    assert by_bytes.objectives == ("bytes",)
