"""What the report tells of the trainings."""

from datetime import UTC, datetime

import pandas as pd
import pytest

from core.report.training import training_section
from core.store import Manifest
from core.training_records.runs import TrainingRun

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def run(name, *, is_for_rate=False, **more):
    frame = pd.DataFrame({"epoch": [1, 2], "validation_loss": [2, 1], "validation_psnr_db": 25.0})
    if is_for_rate:
        frame["validation_bits_per_pixel"] = 0.5
    manifest = Manifest(f"histories/{name}", "", {}, {}, {})
    return TrainingRun(name, frame, {}, {}, manifest, **more)


def parts(*runs):
    return training_section(runs, now=NOW).parts


def test_the_caption_says_of_which_kind_of_training_the_psnr_is_before_quantisation():
    thesis, for_rate = run("ae20"), run("ae20_rd", is_for_rate=True)
    plain, rate, mixed = (
        parts(*runs)[1].caption for runs in ([thesis], [for_rate], [thesis, for_rate])
    )
    assert "before any quantisation" in plain
    assert "quantised latents" in rate
    assert "before" not in rate
    first, second = mixed.split("; ")
    assert first.startswith("Validation PSNR, trained for rate: of images from quantised latents")
    assert second.startswith("the others")
    assert "before any quantisation" in second


def test_the_table_says_what_losses_and_psnr_are_and_that_unlike_losses_cannot_be_compared():
    thesis, for_rate = run("ae20"), run("ae20_rd", is_for_rate=True)
    mixed = parts(thesis, for_rate)[0].caption
    assert "Losses of the two kinds cannot be compared." in mixed
    assert "Validation PSNR, trained for rate: " in mixed
    alone = parts(thesis)[0].caption
    assert "Loss: mean squared error" in alone
    assert "compared" not in alone
    assert "Loss: estimated bits per pixel plus weighted distortion" in parts(for_rate)[0].caption


def test_images_and_minutes_are_told_apart_from_those_of_a_card():
    assert "of the finished epochs; a model's card also counts" in parts(run("ae20"))[0].caption


@pytest.mark.parametrize(
    ("column", "header"), [("first_stop", "First stop"), ("undone_epochs", "Undone epochs")]
)
def test_what_few_trainings_have_is_shown_where_it_is_used(column, header):
    unused = parts(run("ae20"))[0]
    assert column not in unused.columns
    assert header not in unused.caption
    used = parts(run("ae20"), run("ae40", **{column: 2}))[0]
    assert used.columns[column].header == header
    assert header in used.caption
    assert "2" in used.cells()[1]


def test_the_weights_that_were_kept_are_those_of_the_last_stage():
    assert "of the last stage where there were several" in parts(run("bottleneck"))[0].caption


def test_without_a_training_there_is_no_such_section():
    assert training_section([], now=NOW).is_empty
