"""Modules found in a package: one that is broken is named, and the others work."""

import sys
from pathlib import Path

import pytest

from core.registry import Discovery, discover

_FILES = {
    "__init__": "",
    "base": "HELPER = 1",
    "whole": "LABEL = 'a'\nKIND = 'lossy'\nsweep = print",
    "other_contract": "CODEC = 1",
    "without_kind": "LABEL = 'a'\nsweep = print",
    "with_label_alone": "LABEL = 'a'",
    "needs_library": "import a_library_that_nobody_has\nCODEC = 1",
    "needs_library_later": "from core.registry import require\nrequire('a_library_that_nobody_has')",  # noqa: E501
    "wrong_name": "from found_codecs.base import HELP\nCODEC = 1",
    "typing_error": "CODEC = = 1",
    "fails": "CODEC = 1 / 0",
}


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Discovery:
    folder = tmp_path / "found_codecs"
    folder.mkdir()
    for name, source in _FILES.items():
        (folder / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    discovery = discover("found_codecs", ("LABEL", "KIND", "sweep"), ("CODEC",))
    for name in [name for name in sys.modules if name.startswith("found_codecs")]:
        del sys.modules[name]
    return discovery


def test_modules_that_keep_one_of_the_contracts_are_found(found: Discovery) -> None:
    assert list(found.modules) == ["other_contract", "whole"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("without_kind", "does not define KIND"),
        ("needs_library", "needs a_library_that_nobody_has, which is not installed"),
        ("needs_library_later", "needs a_library_that_nobody_has, which is not installed"),
        ("wrong_name", "cannot be loaded: ImportError: cannot import name 'HELP'"),
        ("typing_error", "cannot be loaded: SyntaxError"),
        ("fails", "cannot be loaded: ZeroDivisionError"),
    ],
)
def test_a_module_that_cannot_be_used_is_named_with_the_reason(found, name, says) -> None:
    assert says in found.unavailable[name]


def test_a_module_without_any_name_of_a_contract_is_passed_over(found: Discovery) -> None:
    assert "base" not in found.modules.keys() | found.unavailable.keys()
