"""Studies that people really have, and that none of the shipped ones is like."""

import json
import math
from base64 import b64decode
from pathlib import Path

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial
from streamlit.testing.v1 import AppTest

from tests.dashboard.page_contents import OpenPage

WIDE = {"x": FloatDistribution(0, 1)}
MIXED = CategoricalDistribution(["a", None, True, 3, 2.5])
LOW, HIGH = FloatDistribution(1e-3, 1e-2, log=True), FloatDistribution(0.05, 1, log=True)
FEW, MANY = IntDistribution(1, 8), IntDistribution(8, 256)
NOTES = {"value": 5, "number": 9, "state": "odd", "seconds": -1, "object": {"a": [1, 2]}}


def trial(value: float, index: int = 0, **more: object) -> FrozenTrial:
    params = {"x": index / 20, "c": MIXED.choices[index % 5]}
    distributions = {"x": FloatDistribution(0, 1), "c": MIXED}
    return create_trial(params=params, distributions=distributions, value=value, **more)


def changed(name: str, first: tuple[object, ...], second: tuple[object, ...]) -> list[FrozenTrial]:
    """Five trials of one range and five better ones of another."""
    return [
        create_trial(params={name: value}, distributions={name: range_}, value=float(index))
        for index, (range_, value) in enumerate([*first, *second])
    ]


STUDIES: dict[str, list[FrozenTrial]] = {
    "infinite": [*(trial(30.0 - n, n) for n in range(10)), trial(math.inf), trial(-math.inf)],
    "nan_reports": [
        trial(1.0 + n, n, intermediate_values={1: math.nan, 2: 5.0, 3: math.inf}) for n in range(5)
    ],
    "changed_range": changed(
        "lr",
        tuple((LOW, 1e-3 * (n + 1)) for n in range(5)),
        tuple((HIGH, 0.05 * (n + 1)) for n in range(5)),
    ),
    "changed_integers": changed(
        "n",
        tuple((FEW, n + 1) for n in range(5)),
        tuple((MANY, 20 * (n + 1)) for n in range(5)),
    ),
    "notes": [trial(float(n), n, user_attrs=NOTES) for n in range(5)],
    "failed": [
        create_trial(params={}, distributions={}, state=TrialState.FAIL),
        create_trial(params={}, distributions={}, state=TrialState.PRUNED),
    ],
    "one": [trial(1.0)],
}


def write(root: Path, name: str, trials: list[FrozenTrial], **directions: object) -> None:
    folder = root / "cache" / "search"
    folder.mkdir(parents=True, exist_ok=True)
    storage = optuna.storages.RDBStorage(f"sqlite:///{folder / name}.db")
    study = optuna.create_study(study_name=name, storage=storage, **directions)
    study.add_trials(trials)
    storage.remove_session()
    storage.engine.dispose()


def captions(app: AppTest) -> str:
    return " ".join(caption.value for caption in app.caption)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(STUDIES))
def test_an_odd_study_shows_all_its_trials_and_the_best_of_them(
    open_page: OpenPage, tmp_path: Path, name: str
) -> None:
    write(tmp_path, name, STUDIES[name], direction="maximize")
    app = open_page("trials", tmp_path)
    assert not app.exception
    count = len(STUDIES[name])
    assert f"{count} of {count} trials pass the filter" in captions(app)
    table = next(frame.value for frame in app.dataframe if "number" in frame.value)
    assert sorted(table["number"]) == list(range(count))
    assert set(table["state"]) <= {"complete", "fail", "pruned"}
    marked = table[table["mark"].str.contains("best")]["number"].tolist()
    values = [found.value for found in STUDIES[name]]
    assert marked == ([] if None in values else [values.index(max(values))])
    for plot in ("Slices", "Parallel coordinates", "Distribution"):
        app.segmented_control(key="plot").set_value(plot).run()
        assert not app.exception, plot


def test_a_study_of_two_objectives_shows_its_front_and_hypervolume(
    open_page: OpenPage, tmp_path: Path
) -> None:
    trials = [
        create_trial(
            params={"x": n / 10}, distributions={"x": FloatDistribution(0, 1)}, values=values
        )
        for n, values in enumerate([(1.0, 1.0), (2.0, 2.0), (1.5, 3.0), (3.0, 9.0)])
    ]
    write(tmp_path, "both", trials, directions=["maximize", "minimize"])
    app = open_page("trials", tmp_path)
    assert not app.exception
    lines = [line.value for line in app.markdown]
    assert "**3 of 4 complete trials** are on the front of Objective 1 and Objective 2." in lines
    keys = [chart.proto.id for chart in app.get("plotly_chart")]
    assert any(key.endswith("pareto") for key in keys)
    volume = next(c for c in app.get("plotly_chart") if c.proto.id.endswith("hypervolume"))
    assert json.loads(volume.proto.spec)["data"]
    front = next(c for c in app.get("plotly_chart") if c.proto.id.endswith("pareto"))
    points = {trace["name"]: trace["x"] for trace in json.loads(front.proto.spec)["data"]}
    assert {name: _numbers(found) for name, found in points.items()} == {
        "Other trials": [1.5],
        "On the front": [1.0, 2.0, 3.0],
    }
    app.segmented_control(key="both-objective").set_value(1).run()
    assert not app.exception
    table = next(frame.value for frame in app.dataframe if "mark" in frame.value)
    assert table.iloc[0][["mark", "number"]].tolist() == ["★ best", 0]


def _numbers(values: object) -> list[float]:
    """Coordinates of a chart, which is sent with arrays in base 64 or as lists."""
    if isinstance(values, dict):
        return np.frombuffer(b64decode(values["bdata"]), values["dtype"]).tolist()
    return list(values)


def test_a_study_of_two_objectives_stands_beside_the_optima_and_not_among_them(
    open_page: OpenPage, tmp_path: Path
) -> None:
    one = [create_trial(params={"x": n / 10}, distributions=WIDE, value=float(n)) for n in range(3)]
    two = [
        create_trial(
            params={"x": n / 10},
            distributions=WIDE,
            values=(float(n), 1.0 - n),
        )
        for n in range(3)
    ]
    write(tmp_path, "one", one, direction="maximize")
    write(tmp_path, "two", two, directions=["maximize", "minimize"])
    app = open_page("trials", tmp_path)
    assert not app.exception
    assert not app.warning
    assert len(app.table[0].value) == 1
    (sentence,) = (line.value for line in app.markdown if line.value.startswith("two: "))
    assert sentence == (
        "two: **1 of 3 complete trials** are on the front of Objective 1 and Objective 2."
    )
    assert app.multiselect(key="beside").options == ["one"]
