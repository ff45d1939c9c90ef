import math

import numpy as np
import pytest

from core.analysis.ladder import PSNR_DB, RUNGS, ladder_sentence
from core.analysis.stored_ladder import (
    OUTDATED,
    compute_ladder,
    is_measured,
    load_ladder,
    rung_key,
    store_ladder,
)
from core.evaluation.fingerprint import model_digest
from core.evaluation.measurements import Measurements
from core.evaluation.record import Record
from core.evaluation.table import to_parquet, to_table
from core.store import ArtifactStore, MissingArtifact
from core.training_records.model_card import TrainingSummary

PSNR = np.array([26.0, 29.0, 32.0, 35.0])
RATES = np.array([0.4, 0.8, 1.6, 3.2])


def measured(codec, *, share, psnr=PSNR):
    """Five images whose rates are a share of the reference's at the same quality."""
    settings = tuple("abcd")
    spread = np.linspace(0.9, 1.1, 5)[:, np.newaxis]
    values = np.tile(psnr, (5, 1))
    images = np.array(list("12345"))
    return Measurements(codec, "psnr_db", images, settings, share * RATES * spread, values, 0)


def tables(**shares):
    return {codec: measured(codec, share=share) for codec, share in shares.items()}


def test_a_rung_is_compared_with_the_measured_one_below_and_with_jpeg():
    found = compute_ladder(tables(jpeg=1.0, ae20_rd=0.8, ladder_context=0.4))
    assert [step.codec for step in found.steps] == ["ae20_rd", "ladder_context"]
    first, second = found.steps
    assert math.isnan(first.percent)
    assert first.reference_percent == pytest.approx(-20)
    assert second.percent == pytest.approx(-50)
    assert second.low_percent <= second.percent <= second.high_percent
    assert second.psnr_db == PSNR_DB
    assert second.bits_per_pixel == pytest.approx(first.bits_per_pixel / 2)


def test_a_rung_that_lies_above_the_common_psnr_is_told_at_its_least():
    high = measured("ae20_rd", share=0.8, psnr=np.array([31.0, 33.0, 35.0, 37.0]))
    low = measured("ae20", share=4.0, psnr=np.array([22.0, 23.0, 23.5, 24.0]))
    found = compute_ladder({"ae20": low, "ae20_rd": high})
    below, above = found.steps
    assert (above.psnr_db, above.bits_per_pixel) == (31.0, pytest.approx(0.8 * RATES[0]))
    assert (below.extreme, above.extreme) == ("most", "least")
    assert "for 31.0 dB, about the least that it reaches" in ladder_sentence(found)


def test_a_step_without_a_bd_rate_says_why_and_a_weak_one_what_weakens_it():
    low = measured("ae20", share=4.0, psnr=np.array([22.0, 23.0, 23.5, 24.0]))
    near = measured("ae20_rd", share=0.8, psnr=np.array([23.0, 29.0, 32.0, 35.0]))
    _, second = compute_ladder({"ae20": low, "ae20_rd": near}).steps
    assert second.note == "overlap below 25 %"
    far = measured("ae20_rd", share=0.8)
    _, second = compute_ladder({"ae20": low, "ae20_rd": far}).steps
    assert math.isnan(second.percent)
    assert second.note == "the curves do not overlap"


def test_a_step_has_the_images_and_the_minutes_of_its_training():
    trained = {"ae20_rd": TrainingSummary(images_seen=20480, seconds=738.0)}
    found = compute_ladder(tables(ae20_rd=0.8, bottleneck=0.4), trained)
    first, second = found.steps
    assert (first.trained_images, first.trained_minutes) == (20480, 12.3)
    assert math.isnan(second.trained_images)


def test_a_rung_that_does_not_reach_the_psnr_is_compared_where_it_has_nearly_its_most():
    low = measured("ae20", share=4.0, psnr=np.array([22.0, 24.0, 24.75, 24.8]))
    (step,) = compute_ladder({"ae20": low}).steps
    assert not step.reaches
    assert step.psnr_db == 24.75
    assert step.bits_per_pixel == pytest.approx(4 * 1.6)


def test_the_sentence_states_the_rates_and_what_each_step_saves():
    found = tables(jpeg=1.0, ae20_rd=0.8, ladder_hyperprior=0.4, bottleneck=0.2)
    sentence = ladder_sentence(compute_ladder(found))
    assert f"at {PSNR_DB:g} dB" in sentence
    assert "(\u221250 %). " in sentence
    [hyperprior] = [rung.label for rung in RUNGS if rung.codec == "ladder_hyperprior"]
    assert f"(\u221250 % against {hyperprior})" in sentence  # the rungs between are not measured
    assert "JPEG needs" in sentence


def test_nothing_is_said_without_a_rung():
    assert ladder_sentence(compute_ladder(tables(jpeg=1.0))) == ""


def test_rungs_that_are_not_measured_are_named_with_their_commands():
    missing = compute_ladder(tables(ae20_rd=0.8)).missing
    assert [rung.codec for rung in missing] == [r.codec for r in RUNGS if r.codec != "ae20_rd"]
    assert all(rung.command.startswith("python -m pipelines.train ") for rung in missing)


def commit_rung(store, codec, *, share):
    records = [
        Record(
            image,
            codec,
            setting,
            None,
            160,
            160,
            bytes=100,
            bits_per_pixel=rate * share,
            metrics={"psnr_db": psnr},
            lossless=False,
        )
        for image in "123"
        for setting, rate, psnr in zip("abcd", RATES, PSNR, strict=True)
    ]
    facts = {"model": model_digest(store, codec), "images": 3}
    store.commit(
        rung_key("photos", codec), {f"{codec}.parquet": to_parquet(to_table(records))}, facts=facts
    )


def test_a_stored_ladder_is_read_back_until_a_model_changes(tmp_path):
    store = ArtifactStore(tmp_path)
    for number, codec in enumerate(("ae20_rd", "bottleneck")):
        files = {f"{codec}/decoder.onnx": codec.encode()}
        store.commit(f"models/{codec}", files, facts={})
        commit_rung(store, codec, share=1.0 - 0.5 * number)
    written = store_ladder(store, "photos")
    assert [step.codec for step in load_ladder(store, "photos").steps] == ["ae20_rd", "bottleneck"]
    read = load_ladder(store, "photos").steps[1]
    assert read[:6] == written.steps[1][:6]
    assert is_measured(store, "photos", "bottleneck", images=3)
    store.commit("models/bottleneck", {"bottleneck/decoder.onnx": b"other"}, facts={})
    assert [step.codec for step in load_ladder(store, "photos").steps] == ["ae20_rd"]
    assert not is_measured(store, "photos", "bottleneck")


def test_a_step_above_a_retrained_one_has_no_bd_rate_against_the_former_model(tmp_path):
    store = ArtifactStore(tmp_path)
    for number, codec in enumerate(("ae20", "ae20_rd", "ladder_hyperprior", "ladder_context")):
        store.commit(f"models/{codec}", {f"{codec}/decoder.onnx": codec.encode()}, facts={})
        commit_rung(store, codec, share=0.8**number)
    store_ladder(store, "photos")
    store.commit("models/ae20_rd", {"ae20_rd/decoder.onnx": b"other"}, facts={})
    first, second, third = load_ladder(store, "photos").steps
    assert (first.codec, second.codec) == ("ae20", "ladder_hyperprior")
    assert all(map(math.isnan, (second.percent, second.low_percent, second.high_percent)))
    assert second.note == OUTDATED
    assert first.note == ""
    assert third.percent == pytest.approx(-20)
    assert third.note != OUTDATED


def test_a_ladder_that_is_not_there_says_which_command_makes_it(tmp_path):
    with pytest.raises(MissingArtifact, match=r"python -m pipelines\.ladder"):
        load_ladder(ArtifactStore(tmp_path), "photos")
