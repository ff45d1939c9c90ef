"""The examples in docstrings of the library hold."""

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
#: Modules with examples; Keras' own are left to the tests of the models.
EXAMPLES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted((ROOT / "core").rglob("*.py"))
    if ">>>" in path.read_text(encoding="utf-8") and "models" not in path.parts
]
#: What people build on: each of these shows how it is used.
SEAMS = (
    "core.analysis.rate_distortion",
    "core.codecs",
    "core.entropy.bitstream",
    "core.metrics.psnr_db",
    "core.store.store",
)


def test_every_public_seam_shows_an_example() -> None:
    assert set(SEAMS) <= set(EXAMPLES)


@pytest.mark.parametrize("module", EXAMPLES)
def test_the_examples_of_a_module_hold(module: str) -> None:
    result = doctest.testmod(importlib.import_module(module), optionflags=doctest.ELLIPSIS)
    assert result.attempted > 0
    assert result.failed == 0
