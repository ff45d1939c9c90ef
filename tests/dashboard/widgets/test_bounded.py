import re
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

DASHBOARD = Path(__file__).parents[3] / "dashboard"


def _page() -> None:
    from dashboard.widgets.bounded import bounded_number, bounded_range, bounded_slider

    bounded_slider("one", 1, 5, 2, key="one")
    bounded_range("span", 0.0, 2.0, step=0.1, key="span")
    bounded_number("field", 1, 5, 3, key="field")


@pytest.mark.slow
@pytest.mark.parametrize("key", ["one", "span", "field"])
@pytest.mark.parametrize(
    "stored", [99, -1, (0.0, 99.0), (2.0, 1.0), (float("nan"), 1.0), "x", None, float("inf"), ()]
)
def test_a_stored_value_outside_the_range_gives_way_to_the_start(key: str, stored: Any) -> None:
    app = AppTest.from_function(_page, default_timeout=120)
    app.session_state[key] = stored
    app.run()
    assert not app.exception
    assert app.session_state[key] == {"one": 2, "span": (0.0, 2.0), "field": 3}[key]


@pytest.mark.parametrize(("key", "stored"), [("one", 4), ("span", (0.5, 1.5)), ("field", 5)])
def test_a_stored_value_in_the_range_is_kept(key: str, stored: Any) -> None:
    app = AppTest.from_function(_page, default_timeout=120)
    app.session_state[key] = stored
    assert app.run().session_state[key] == stored


def test_numbers_with_bounds_are_made_nowhere_else() -> None:
    bare = re.compile(r"st\.(slider|number_input)\(")
    found = [file for file in DASHBOARD.rglob("*.py") if bare.search(file.read_text("utf-8"))]
    assert [file.name for file in found] == ["bounded.py"]
