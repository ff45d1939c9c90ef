"""What becomes of an epoch in which a training diverged."""

import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest

from core.models.autoencoder.network import AutoencoderConfig
from core.models.training import divergence
from core.models.training.divergence import Diverged, count_anew, has_diverged, was_undone_enough
from core.models.training.feed import Images
from core.models.training.loop import Training
from core.models.training.progress import Progress
from core.stop_request import Stopped, StopRequest
from core.store import ArtifactStore
from core.training_records.history_facts import HistoryFacts
from tests.core.models.training.short_trainings import StopAfter, ending_of, short_training, spoil


def _after_one_epoch(
    folder: Path, config: AutoencoderConfig, images: Images, stop: StopRequest | None = None
) -> Training:
    """A training that goes on from the checkpoint of its first epoch."""
    short_training(folder, dataclasses.replace(config, epochs=1), images).run()
    resumed = short_training(folder, config, images, stop=stop)
    resumed.resume()
    return resumed


@pytest.mark.slow
@pytest.mark.parametrize("value", [np.nan, 3.0])
def test_an_epoch_that_diverged_is_undone_and_repeated_in_another_order(
    value: float, tmp_path: Path, small_config: AutoencoderConfig, images: Images
) -> None:
    good = short_training(tmp_path, dataclasses.replace(small_config, epochs=1), images)
    good.run()

    said = io.StringIO()
    bad = short_training(tmp_path, small_config, images, stream=said)
    bad.resume()
    spoil(bad, value)
    bad.run()

    assert "epoch 2 diverged with a loss of " in said.getvalue()
    rows = bad.progress.history
    assert rows[1]["loss"] < 2 * rows[0]["loss"]
    # What the lost epoch took is counted.
    assert [row["images"] for row in rows] == [14, 42]
    assert bad.progress.guards == {"undone_epochs": 1.0}
    assert HistoryFacts.of(ArtifactStore(tmp_path).open("histories/ae40")).undone_epochs == 1


@pytest.mark.slow
def test_a_training_that_diverges_again_and_again_says_so_and_leaves_the_last_good_checkpoint(
    tmp_path: Path,
    small_config: AutoencoderConfig,
    images: Images,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    good = short_training(tmp_path, dataclasses.replace(small_config, epochs=1), images)
    good.run()
    (kept,) = good.checkpoints.keys()

    lost = short_training(tmp_path, small_config, images)
    lost.resume()
    orders = []
    fit = lost._fit

    def spoiled() -> dict[str, float]:
        orders.append(lost._order().tolist())
        spoil(lost, np.nan)
        return fit()

    monkeypatch.setattr(lost, "_fit", spoiled)
    with pytest.raises(Diverged, match=r"in epoch 2: its loss is nan.*--export"):
        lost.run()
    assert lost.checkpoints.keys() == [kept]
    # And so does the card of what is published from there.
    assert ending_of(tmp_path) == lost.checkpoints.progress().ended_by == "divergence"
    assert len({tuple(order) for order in orders}) == len(orders) == 4


@pytest.mark.slow
@pytest.mark.parametrize("allowed_at_once", [True, False])
def test_where_the_rate_may_be_lowered_an_epoch_that_diverges_again_and_again_is_not_the_end(
    allowed_at_once: bool,
    tmp_path: Path,
    small_config: AutoencoderConfig,
    images: Images,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lowered = dataclasses.replace(small_config, lr_drops=1)
    said = io.StringIO()

    def spoiled_at_the_full_rate(training: Training) -> Training:
        fit = training._fit

        def maybe_spoiled() -> dict[str, float]:
            if not training.progress.lr_drops:
                spoil(training, 3.0)
            return fit()

        monkeypatch.setattr(training, "_fit", maybe_spoiled)
        return training

    short_training(tmp_path, dataclasses.replace(small_config, epochs=1), images).run()
    if not allowed_at_once:
        lost = short_training(tmp_path, small_config, images)
        lost.resume()
        spoiled_at_the_full_rate(lost).run()
        # It ends with the weights of the epoch before, which are published.
        assert ending_of(tmp_path) == lost.progress.ended_by == "divergence"
        assert lost.best
    found = short_training(tmp_path, lowered, images, stream=said)
    found.resume()
    spoiled_at_the_full_rate(found).run()

    assert "goes on from epoch 1 at a third of the rate" in said.getvalue()
    progress = found.progress
    assert (progress.lr_drops, progress.first_stop, progress.epoch) == (1, 1, 2)
    assert progress.guards == {"undone_epochs": 4.0}
    rates = [row["learning_rate"] for row in progress.history]
    assert rates[1] == pytest.approx(rates[0] / 3, rel=1e-4)


@pytest.mark.slow
def test_a_stop_in_an_epoch_that_diverges_saves_nothing_of_it(
    tmp_path: Path, small_config: AutoencoderConfig, images: Images
) -> None:
    lost = _after_one_epoch(tmp_path, small_config, images, stop=StopAfter(1))
    spoil(lost, np.nan)
    with pytest.raises(Stopped):
        lost.run()

    # The epoch was undone first, and the stop came at the first step of its repetition.
    assert lost.progress.guards == {"undone_epochs": 1.0, "undone_in_a_row": 1.0}
    again = short_training(tmp_path, small_config, images)
    again.resume()
    assert np.isfinite(again.progress.partial["loss"])
    again.run()
    assert len(again.progress.history) == 2


@pytest.mark.slow
def test_an_epoch_that_was_interrupted_is_undone_as_a_whole(
    tmp_path: Path, small_config: AutoencoderConfig, images: Images
) -> None:
    stopped = _after_one_epoch(tmp_path, small_config, images, stop=StopAfter(1))
    with pytest.raises(Stopped):
        stopped.run()

    resumed = short_training(tmp_path, small_config, images)
    resumed.resume()
    assert resumed.progress.step
    spoil(resumed, np.nan)
    resumed.run()
    assert resumed.progress.history[1]["loss"] < 2 * resumed.progress.history[0]["loss"]
    keys = resumed.checkpoints.keys()
    assert not [key for key in keys if "-step-" in key]


@pytest.mark.slow
def test_an_epoch_whose_validation_is_not_finite_is_undone(
    tmp_path: Path,
    small_config: AutoencoderConfig,
    images: Images,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    training = _after_one_epoch(tmp_path, small_config, images)
    evaluate, answers = training.network.evaluate, [float("nan")]

    def first_nan(*given: object, **more: object) -> dict[str, float]:
        found: dict[str, float] = evaluate(*given, **more)
        return found | {"loss": answers.pop()} if answers else found

    monkeypatch.setattr(training.network, "evaluate", first_nan)
    training.run()
    assert training.progress.guards == {"undone_epochs": 1.0}
    assert len(training.progress.history) == 2


def test_only_a_loss_far_above_that_of_the_epoch_before_has_diverged() -> None:
    progress = Progress(epoch=3, plan_start=1, history=[{"loss": 0.5}] * 3)
    assert not has_diverged(progress, 0.99)
    assert has_diverged(progress, 1.01)
    assert has_diverged(progress, float("inf"))
    # A new stage may weight the terms of the loss differently.
    assert not has_diverged(dataclasses.replace(progress, plan_start=3), 9.0)
    assert not has_diverged(Progress(), 9.0)
    # After three times it is not repeated; an epoch that went well begins a new count.
    again = dataclasses.replace(progress, guards={"undone_epochs": 7.0, "undone_in_a_row": 3.0})
    assert was_undone_enough(again)
    count_anew(again)
    assert not was_undone_enough(again)
    assert again.guards == {"undone_epochs": 7.0}


def test_an_epoch_ends_as_soon_as_its_loss_cannot_become_normal_again() -> None:
    progress = Progress(epoch=3, plan_start=1, history=[{"loss": 0.5}] * 3)
    # If all further losses were zero, the mean would be 0.9 and 1.1.
    assert not has_diverged(progress, 9.0, done=0.1)
    assert has_diverged(progress, 11.0, done=0.1)
    assert has_diverged(progress, float("nan"), done=0.1)


@pytest.mark.slow
def test_an_epoch_that_diverges_is_not_finished(
    tmp_path: Path,
    small_config: AutoencoderConfig,
    images: Images,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(divergence, "CHECKED_STEPS", 1)
    bad = _after_one_epoch(tmp_path, small_config, images)
    spoil(bad, 3.0)
    bad.run()

    # One step, of four images, was enough to see it.
    assert [row["images"] for row in bad.progress.history] == [14, 14 + 4 + 14]
