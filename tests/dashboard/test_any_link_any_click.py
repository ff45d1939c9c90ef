"""No link and no click ends a page in an exception, on the artifacts that ship with the project."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.runtime.state.common import TESTING_KEY
from streamlit.testing.v1 import AppTest

from core.codecs.avif import Avif
from core.dataset.splits import sample_images
from core.png import encode_png
from dashboard.page_discovery import find_pages
from tests.dashboard.page_contents import OpenPage
from tests.dashboard.views.compare.compared import upload

ROOT = Path(__file__).parents[2]
ARTIFACTS = ROOT / "artifacts"
PAGES = [page.name for page in find_pages(ROOT / "dashboard" / "views")]
HOSTILE: list[str | list[str]] = [
    *("", " ", "0", "-1", "-0.0", "1.5", "1e400", "-1e400", "1e-400", "NaN", "inf", "-Infinity"),
    *("9" * 400, "1_000", "1,2", "true", "None", "null", "[]", "[[1, [2]]]", "[" * 20_000),
    *('{"side": "\\ud800", "x": 1e999}', "a" * 20_000, "\x00", "\ufffd\ufffd", "\u202e\U0001f600é"),
    *("../../etc/passwd", "%s%n", "<script>alert(1)</script>"),
    ["0", "", "x", "NaN"] * 20,
]
SOME = random.Random(1).sample(range(len(HOSTILE)), 2)
#: Parameters that a page reads from the address itself.
READ_DIRECTLY = {"compare": ["view"], "models": ["view"], "gallery": ["image", "view"]}
#: Compare encodes at every step, as slowly as a link or a click asks for.
QUICK_PAGES = [page for page in PAGES if page != "compare"]
SHORT_WALK, LONG_WALK = 6, 300
#: A list with more options is one of images, methods or trials, all of which show the same widgets.
MOST_OPTIONS = 30
#: Parameters of the pages that were opened already.
_KEYS: dict[str, list[str]] = {}


@pytest.fixture(autouse=True, scope="module")
def _avif_at_its_fastest() -> Iterator[None]:
    """The slowest speed takes seconds for a small image, and a page takes the files as they are."""
    options = Avif.options
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Avif, "options", lambda avif: options(avif) | {"speed": 10})
        yield
    st.cache_data.clear()


def test_thirty_values_are_tried() -> None:
    assert len(HOSTILE) == 30


@pytest.mark.slow
@pytest.mark.parametrize("position", SOME)
@pytest.mark.parametrize("page", QUICK_PAGES)
def test_a_hostile_value_for_every_parameter_at_once_breaks_no_page(
    open_page: OpenPage, page: str, position: int
) -> None:
    _check_all_keys(open_page, page, HOSTILE[position])


@pytest.mark.exhaustive
@pytest.mark.parametrize("position", range(len(HOSTILE)))
@pytest.mark.parametrize("page", PAGES)
def test_every_hostile_value_for_every_parameter_at_once_breaks_no_page(
    open_page: OpenPage, page: str, position: int
) -> None:
    _check_all_keys(open_page, page, HOSTILE[position])


@pytest.mark.exhaustive
@pytest.mark.parametrize("page", PAGES)
def test_a_hostile_value_for_any_one_parameter_breaks_no_page(
    open_page: OpenPage, page: str
) -> None:
    for key, needed in keys_and_what_shows_them(open_page, page).items():
        for value in HOSTILE:
            app = open_page(page, ARTIFACTS, query={**needed, key: value})
            assert not app.exception, (key, value, needed)


@pytest.mark.exhaustive
@pytest.mark.parametrize("page", PAGES)
def test_every_parameter_takes_every_hostile_value_beside_others(
    open_page: OpenPage, page: str
) -> None:
    """A run per value, in which each parameter has another one: much less than a run per pair."""
    together: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for key, needed in keys_and_what_shows_them(open_page, page).items():
        together.setdefault(tuple(needed.items()), []).append(key)
    for needed, keys in together.items():
        for shift in range(len(HOSTILE)):
            values = {key: HOSTILE[(shift + i) % len(HOSTILE)] for i, key in enumerate(keys)}
            app = open_page(page, ARTIFACTS, query={**dict(needed), **values})
            assert not app.exception, (needed, values)


@pytest.mark.slow
@pytest.mark.parametrize("page", QUICK_PAGES)
def test_a_short_random_walk_over_the_widgets_breaks_no_page(
    open_page: OpenPage, page: str
) -> None:
    walk(open_page(page, ARTIFACTS), steps=SHORT_WALK, seed=SHORT_WALK)


@pytest.mark.exhaustive
@pytest.mark.parametrize("page", PAGES)
def test_a_long_random_walk_over_the_widgets_breaks_no_page(open_page: OpenPage, page: str) -> None:
    walk(open_page(page, ARTIFACTS), steps=LONG_WALK, seed=LONG_WALK)


def _check_all_keys(open_page: OpenPage, page: str, value: str | list[str]) -> None:
    if page not in _KEYS:
        _KEYS[page] = bound_keys(open_page(page, ARTIFACTS)) + READ_DIRECTLY.get(page, [])
    query = dict.fromkeys(_KEYS[page], value)
    assert not open_page(page, ARTIFACTS, query=query).exception


def keys_and_what_shows_them(open_page: OpenPage, page: str) -> dict[str, dict[str, str]]:
    """Every parameter of a page, with the parameters that it takes for its widget to be there."""
    start = open_page(page, ARTIFACTS)
    found: dict[str, dict[str, str]] = {
        key: {} for key in bound_keys(start) + READ_DIRECTLY.get(page, [])
    }
    for element in _elements(start):
        for option in _options(element):
            query = {element.proto.query_param_key: option}
            app = open_page(page, ARTIFACTS, query=query)
            assert not app.exception, query
            for key in bound_keys(app):
                found.setdefault(key, query)
    return found


def _options(element: Any) -> list[str]:
    """What a bound widget can be set to in the address; nothing for a range."""
    if not getattr(element.proto, "query_param_key", ""):
        return []
    if element.type in ("toggle", "checkbox"):
        return ["true", "false"]
    if not hasattr(element.proto, "options"):
        return []
    options = [str(getattr(option, "content", option)) for option in element.proto.options]
    return options if len(options) <= MOST_OPTIONS else options[:8]


def bound_keys(app: AppTest) -> list[str]:
    """Names in the address of the widgets on a page."""
    found = (getattr(element.proto, "query_param_key", "") for element in _elements(app))
    return sorted({key for key in found if key})


def walk(app: AppTest, *, steps: int, seed: int) -> None:
    """Turns one widget after another to a value that a person could choose."""
    chance = random.Random(seed)
    trail = []
    for _ in range(steps):
        turns = [turn for element in _elements(app) if (turn := _turn(element, chance))]
        if not turns:
            return
        element, value = chance.choice(turns)
        trail.append((element.key, value))
        if hasattr(element, "options"):
            # The values are labels already, as a browser sends them.
            element.root.session_state[TESTING_KEY][element.id] = str
        element.click() if value is _CLICK else element.set_value(value)
        app.run()
        assert not app.exception, trail[-5:]


_CLICK = object()


def _turn(element: Any, chance: random.Random) -> tuple[Any, Any] | None:
    """A widget and another value for it; None where there is no widget, or none to be turned."""
    proto = element.proto
    if not getattr(proto, "id", "") or getattr(proto, "disabled", False):
        return None
    if len(getattr(proto, "options", ["none"])) == 0:
        return None
    match element.type:
        case "toggle" | "checkbox":
            return element, chance.random() < 0.5
        case "button":
            return element, _CLICK
        case "selectbox":
            return element, chance.choice(element.options)
        case "multiselect":
            most = proto.max_selections or len(element.options)
            return element, _some(element.options, chance)[:most]
        case "button_group" | "pills" | "segmented_control":
            options = [option.content for option in proto.options]
            many = proto.click_mode == proto.ClickMode.MULTI_SELECT
            return element, _some(options, chance) if many else chance.choice(options)
        case "select_slider":
            return element, _ends(element.value, lambda: chance.choice(element.options))
        case "slider":
            return element, _ends(
                element.value, lambda: _number(element.min, element.max, chance, element.value)
            )
        case "number_input":
            return element, _number(element.min, element.max, chance, element.value)
    return None


def _some(options: list[str], chance: random.Random) -> list[str]:
    return chance.sample(options, chance.randint(0, len(options)))


def _ends(value: Any, draw: Callable[[], Any]) -> Any:
    if not isinstance(value, list | tuple):
        return draw()
    return tuple(sorted((draw(), draw()), key=str if isinstance(value[0], str) else float))


def _number(low: float, high: float, chance: random.Random, value: Any) -> float:
    kind = value[0] if isinstance(value, list | tuple) else value
    drawn = chance.choice([low, high, chance.uniform(low, high)])
    return int(drawn) if isinstance(kind, int) else float(drawn)


def _elements(app: AppTest) -> Iterator[Any]:
    """Every element of the page, those in columns and expanders too."""
    blocks = [app._tree]
    while blocks:
        for child in blocks.pop().children.values():
            if hasattr(child, "children"):
                blocks.append(child)
            elif hasattr(child, "proto"):
                yield child


@pytest.mark.slow
def test_hostile_values_and_clicks_do_not_break_compare(open_page: OpenPage) -> None:
    for position in SOME:
        _check_all_keys(open_page, "compare", HOSTILE[position])
    # A walk may ask for the curves of the slowest codecs: on a photograph that takes minutes.
    small = encode_png(next(iter(sample_images().values()))[:64, :64])
    start = upload(open_page("compare", ARTIFACTS), small)
    walk(start, steps=SHORT_WALK, seed=SHORT_WALK)
