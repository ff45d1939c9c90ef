"""The ladder's chart, and what is said of rungs that are not measured."""

import math
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.analysis.ladder import RUNGS, Ladder, Step
from dashboard.views.findings.ladder import budget_sentence, ladder_figure

STEPS = (
    Step("ae20", 8.0, 24.8, *[math.nan] * 3, 600.0, 590.0, 610.0, 96),
    Step("bottleneck", 0.5, 30.0, -50.0, -51.0, -49.0, -60.0, -61.0, -59.0, 96),
)


def test_each_step_stands_at_its_rate_and_jpeg_where_its_line_is() -> None:
    figure = ladder_figure(Ladder(STEPS, reference_bits_per_pixel=1.25))
    assert list(figure.data[0].x) == [8.0, 0.5]
    assert [note.text for note in figure.layout.annotations[:2]] == [s.label for s in STEPS]
    jpeg = figure.layout.annotations[-1]
    assert jpeg.text == "JPEG"
    assert jpeg.x == pytest.approx(math.log10(1.25))
    assert figure.layout.shapes[0].x0 == 1.25


def test_a_step_that_does_not_reach_the_psnr_says_where_it_was_read() -> None:
    marks = ladder_figure(Ladder(STEPS)).data[0]
    assert marks.text[0].strip() == "8.00 at 24.8 dB, its most"
    assert list(marks.marker.symbol) == ["circle-open", "circle"]


def test_a_missing_rung_is_named_with_the_commands_that_make_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def page() -> None:
        from core.analysis.ladder import RUNGS
        from dashboard.views.findings.ladder import show_missing

        show_missing(RUNGS[5:6])

    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(tmp_path))
    shown = AppTest.from_function(page, default_timeout=120).run()
    assert not shown.exception
    text = " ".join(element.value for element in (*shown.markdown, *shown.code, *shown.info))
    assert RUNGS[5].label in text
    assert RUNGS[5].command in text
    assert "python -m pipelines.ladder" in text


def trained(**images: float) -> list[Step]:
    """Steps by codec with the images that their trainings saw."""
    return [STEPS[0]._replace(codec=codec, trained_images=seen) for codec, seen in images.items()]


def test_equal_budgets_are_said_to_be_equal_and_others_are_not() -> None:
    def sentence(*between: float) -> str:
        codecs = ("ae20_rd", "ladder_lattice")
        steps = dict(zip(codecs, between, strict=False))
        return budget_sentence(trained(ae20=179911, **steps, bottleneck=1e6))

    assert "on equally many images" in sentence(20480, 20480)
    assert "on different numbers of images" in sentence(20480, 30000)
    assert sentence(20480, math.nan) == ""
    assert sentence(20480) == ""
    assert budget_sentence(STEPS) == ""


def test_only_the_published_network_is_said_to_be_larger_and_trained_longer() -> None:
    between = {"ladder_transforms": 20480, "ladder_lattice": 20480}
    assert "larger network with a longer" in budget_sentence(trained(**between, bottleneck=1e6))
    assert budget_sentence(trained(**between, bottleneck=20480)).endswith("a larger network.")
    assert budget_sentence(trained(ae20=179911, **between)).endswith("on equally many images.")


def test_the_thesis_network_is_no_step_of_the_budget_and_its_successor_is() -> None:
    found = trained(ae20_rd=30000, ladder_hyperprior=20480, bottleneck=1e6)
    assert "on different numbers of images" in budget_sentence(found)


def test_only_what_is_not_trained_is_to_be_trained() -> None:
    def page() -> None:
        from core.analysis.ladder import RUNGS
        from dashboard.views.findings.ladder import show_missing

        show_missing(RUNGS[:1])

    shown = AppTest.from_function(page, default_timeout=120).run()
    assert [block.value for block in shown.code] == ["python -m pipelines.ladder"]
