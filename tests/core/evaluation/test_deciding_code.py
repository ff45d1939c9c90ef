import importlib
import itertools

import pytest

from core.evaluation.deciding_code import deciding_code

#: A module is read once, so that no two may have the same name.
NUMBERS = itertools.count()

SHAPES = """
from typing import ClassVar
import core.trial_scaling as scaling
from core.trial_scaling import offset

SIDE = 3
UNUSED = 1

def area(width):
    if width < 0:
        raise ValueError(f"Expected a width; received {width}.")
    return scaling.scale(width) * SIDE + offset(width)

def other(width):
    return UNUSED
"""
SCALING = """
def scale(width):
    return 2 * width

def offset(width):
    return 1
"""


@pytest.fixture
def digest(tmp_path, monkeypatch):
    """Digest of `area` in a program of two modules, which it takes the text of."""
    import core

    monkeypatch.setattr(core, "__path__", [*core.__path__, str(tmp_path)])

    def taken(shapes=SHAPES, scaling=SCALING):
        number = next(NUMBERS)
        names = {"trial_scaling": f"trial_scaling_{number}", "trial_shapes": f"shapes_{number}"}
        for name, text in (("trial_scaling", scaling), ("trial_shapes", shapes)):
            for old, new in names.items():
                text = text.replace(old, new)
            (tmp_path / f"{names[name]}.py").write_text(text)
        importlib.invalidate_caches()
        return deciding_code([f"core.shapes_{number}:area"]).digest

    return taken


def test_names_of_modules_do_not_matter(digest):
    assert digest() == digest()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("def area(width):", 'def area(width):\n    """What it covers."""'),
        ("def area(width):", "def area(width: float) -> float:"),
        ("SIDE = 3", "SIDE: int = 3  # a comment"),
        ("return scaling.scale(width) * SIDE", "return (\n        scaling.scale(width)) * SIDE"),
        ("Expected a width; received {width}.", "A width is positive."),
        ("UNUSED = 1", "UNUSED = 2"),
        ("def other(width):", "def another(width):"),
        ("import core.trial_scaling as scaling", "from core import trial_scaling as scaling"),
        ("scaling.scale(width)", "scale(width)"),
    ],
)
def test_what_decides_nothing_changes_nothing(digest, old, new):
    text = SHAPES.replace(old, new)
    assert text != SHAPES
    if new == "scale(width)":
        text = text.replace("import offset", "import offset, scale")
    assert digest(text) == digest()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("SIDE = 3", "SIDE = 4"),
        ("width < 0", "width <= 0"),
        ("* SIDE", "- SIDE"),
        ("raise ValueError", "raise TypeError"),
    ],
)
def test_what_is_computed_differently_changes_it(digest, old, new):
    assert digest(SHAPES.replace(old, new)) != digest()


def test_what_a_function_of_another_module_computes_counts(digest):
    assert digest(scaling=SCALING.replace("2 *", "3 *")) != digest()


def test_a_definition_may_move_to_another_file(digest):
    moved = SHAPES.replace("scaling.scale", "scale") + "\ndef scale(width):\n    return 2 * width\n"
    assert digest(moved, SCALING.partition("def offset")[2].join(["def offset", ""])) == digest()


def test_a_class_variable_is_not_a_field(digest):
    text = SHAPES.replace("* SIDE", "* Shape.side") + "\nclass Shape:\n    side: int = 3\n"
    variable = text.replace("side: int", "side: ClassVar[int]")
    assert digest(variable) != digest(text)


FIELD = (
    SHAPES.replace("* SIDE", "* Shape().side")
    + """
from dataclasses import dataclass, field

@dataclass
class Shape:
    side: int = 3
"""
)


def test_the_metadata_of_a_field_decides_nothing(digest):
    declared = FIELD.replace("int = 3", 'int = field(default=3, metadata={"choices": (3, UNUSED)})')
    assert declared.count("metadata") == 1
    assert digest(declared) == digest(FIELD)


@pytest.mark.parametrize("value", ["field(default=4)", "field(default=3, compare=False)"])
def test_the_default_of_a_field_and_how_it_compares_decide(digest, value):
    _, _, shape = FIELD.partition("class Shape")
    assert digest(FIELD.replace(shape, shape.replace("3", value))) != digest(FIELD)


@pytest.mark.parametrize("entry", ["core.nothing:area", "core.images:nothing"])
def test_an_entry_point_that_does_not_exist_is_refused(entry):
    with pytest.raises(ValueError, match="entry point"):
        deciding_code([entry])
