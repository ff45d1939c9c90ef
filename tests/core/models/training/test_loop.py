"""The loop of a training: how it stops, goes on, and what it writes."""

import dataclasses
import io
import signal
from pathlib import Path

import numpy as np
import pytest

from core.models.autoencoder.network import AutoencoderConfig
from core.models.training import divergence
from core.models.training.checkpoints import state_arrays
from core.models.training.divergence import Diverged, has_diverged, note_good_epoch
from core.models.training.feed import Images
from core.models.training.loop import Training
from core.models.training.progress import Progress
from core.stop_request import Stopped, StopRequest
from core.store import ArtifactStore
from core.training_records.history_facts import HistoryFacts
from core.training_records.runs import read_runs
from tests.core.models.training.short_trainings import short_training


class _StopAfter(StopRequest):
    """Wishes to stop once it was asked so many times."""

    def __init__(self, questions: int) -> None:
        self._left = questions

    @property
    def signal(self) -> int | None:  # type: ignore[override]
        self._left -= 1
        return signal.SIGTERM if self._left < 0 else None


def _figures(training: Training) -> list[dict[str, float]]:
    """The history without what depends on the clock."""
    clock = {"seconds", "total_seconds", "images_per_second"}
    rows = training.progress.history
    return [{name: row[name] for name in row if name not in clock} for row in rows]


def _ending(folder: Path) -> str:
    """By which rule a training ended, as its history tells."""
    return read_runs(ArtifactStore(folder)).runs["ae40"].ended_by


@pytest.mark.slow
@pytest.mark.parametrize("questions", [2, 5, 9])
def test_a_training_that_was_stopped_ends_as_if_it_had_not_been(
    questions: int, tmp_path: Path, small_config: AutoencoderConfig, images: Images
) -> None:
    straight = short_training(tmp_path / "straight", small_config, images)
    straight.run()
    stopped = short_training(tmp_path / "stopped", small_config, images, _StopAfter(questions))
    with pytest.raises(Stopped, match="stopped by SIGTERM"):
        stopped.run()
    assert _ending(tmp_path / "stopped") == "stopped by hand"

    resumed = short_training(tmp_path / "stopped", small_config, images)
    resumed.resume()
    resumed.run()

    assert _ending(tmp_path / "stopped") == _ending(tmp_path / "straight") == "epoch limit"
    for ours, theirs in zip(_figures(resumed), _figures(straight), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-5)
    ours, theirs = state_arrays(resumed.network), state_arrays(straight.network)
    assert ours["optimizer/adam/iteration"] == theirs["optimizer/adam/iteration"] == 8
    for name in theirs:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-4, atol=1e-6)


def _spoil(training: Training, value: float) -> None:
    training.network.set_weights([np.full(w.shape, value) for w in training.network.weights])


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
    _spoil(bad, value)
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
        _spoil(lost, np.nan)
        return fit()

    monkeypatch.setattr(lost, "_fit", spoiled)
    with pytest.raises(Diverged, match="diverged in epoch 2: its loss is nan"):
        lost.run()
    assert lost.checkpoints.keys() == [kept]
    assert len({tuple(order) for order in orders}) == len(orders) == 4


def test_only_a_loss_far_above_that_of_the_epoch_before_has_diverged() -> None:
    progress = Progress(epoch=3, plan_start=1, history=[{"loss": 0.5}] * 3)
    assert not has_diverged(progress, 0.99)
    assert has_diverged(progress, 1.01)
    assert has_diverged(progress, float("inf"))
    # A new stage may weight the terms of the loss differently.
    assert not has_diverged(dataclasses.replace(progress, plan_start=3), 9.0)
    assert not has_diverged(Progress(), 9.0)
    # After three times early stopping decides; an epoch that went well begins a new count.
    again = dataclasses.replace(progress, guards={"undone_epochs": 7.0, "undone_in_a_row": 3.0})
    assert not has_diverged(again, 9.0)
    note_good_epoch(again)
    assert has_diverged(again, 9.0)
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
    short_training(tmp_path, dataclasses.replace(small_config, epochs=1), images).run()
    bad = short_training(tmp_path, small_config, images)
    bad.resume()
    _spoil(bad, 3.0)
    bad.run()

    # One step, of four images, was enough to see it.
    assert [row["images"] for row in bad.progress.history] == [14, 14 + 4 + 14]


@pytest.mark.slow
def test_more_epochs_go_on_where_fewer_ended(
    tmp_path: Path, small_config: AutoencoderConfig, images: Images
) -> None:
    short_training(tmp_path, dataclasses.replace(small_config, epochs=1), images).run()

    longer = short_training(tmp_path, small_config, images)
    longer.resume()
    longer.run()

    assert [row["epoch"] for row in longer.progress.history] == [1, 2]
    assert longer.progress.images == 28


@pytest.mark.slow
def test_training_stops_when_the_validation_loss_does_and_keeps_the_best_weights(
    tmp_path: Path, small_config: AutoencoderConfig, images: Images
) -> None:
    # With this step size the first epoch already overshoots, and nothing gets better again.
    wild = dataclasses.replace(small_config, learning_rate=0.9, epochs=20, patience=2)
    training = short_training(tmp_path, wild, images)
    training.run()

    losses = [row["validation_loss"] for row in training.progress.history]
    progress = training.progress
    assert training.has_converged
    assert _ending(tmp_path) == "early stopping"
    assert len(losses) == progress.best_epoch + 2 < 20
    assert progress.best_loss == min(losses) == losses[progress.best_epoch - 1]
    facts = HistoryFacts.of(ArtifactStore(tmp_path).open("histories/ae40"))
    assert (facts.best_epoch, facts.stage_starts) == (progress.best_epoch, (1,))
    training.network.set_weights(list(training.best.values()))
    found = training.network.evaluate(images[14:], batch_size=4, verbose=0, return_dict=True)
    assert found["loss"] == pytest.approx(progress.best_loss, rel=1e-5)


@pytest.mark.slow
def test_the_history_is_a_table_with_one_row_per_epoch(
    tmp_path: Path, small_config: AutoencoderConfig, images: Images
) -> None:
    training = short_training(tmp_path, small_config, images)
    training.run()

    store = ArtifactStore(tmp_path)
    header, *rows = store.read("histories/ae40", "ae40.csv").decode().splitlines()
    facts = store.manifest("histories/ae40").facts
    assert header.startswith("epoch,loss,psnr_db,validation_loss,validation_psnr_db,learning_rate")
    assert [row.split(",")[0] for row in rows] == ["1", "2"]
    assert facts["running"] is None
    assert facts["config"]["filters"] == [4, 8]


@pytest.mark.slow
def test_a_log_gets_one_line_per_epoch(
    tmp_path: Path, small_config: AutoencoderConfig, images: Images
) -> None:
    stream = io.StringIO()
    short_training(tmp_path, small_config, images, stream=stream).run()

    lines = stream.getvalue().splitlines()
    assert [line.split("  ")[0] for line in lines] == ["epoch 1/2", "epoch 2/2"]
    assert all("validation_psnr_db" in line and "images/s" in line for line in lines)


@pytest.mark.slow
def test_the_learning_rate_falls_before_a_training_without_progress_ends(
    tmp_path: Path, images: Images, small_config: AutoencoderConfig
) -> None:
    # So large a rate that most epochs are worse than the best.
    config = dataclasses.replace(
        small_config, learning_rate=0.5, lr_drops=2, patience=1, epochs=30, batch=14
    )
    stream = io.StringIO()
    training = short_training(tmp_path, config, images, stream=stream)
    training.run()

    rates = [row["learning_rate"] for row in training.progress.history]
    assert sorted({round(rate, 6) for rate in rates}, reverse=True) == pytest.approx(
        [0.5, 0.5 / 3, 0.5 / 9], abs=1e-5
    )
    assert training.progress.lr_drops == 2
    assert training.has_converged
    assert "at learning rate 0.17" in stream.getvalue()
    # Where the rule alone would have ended it is told, and stays that of the first time.
    history = HistoryFacts.of(ArtifactStore(tmp_path).open("histories/ae40"))
    assert history.first_stop == rates.index(pytest.approx(0.5 / 3, abs=1e-5))


@pytest.mark.slow
def test_a_lowered_learning_rate_is_still_low_after_a_stop(
    tmp_path: Path, images: Images, small_config: AutoencoderConfig
) -> None:
    config = dataclasses.replace(small_config, lr_drops=1, epochs=1)
    training = short_training(tmp_path, config, images)
    training.lower_learning_rate()
    training.run()
    resumed = short_training(tmp_path, dataclasses.replace(config, epochs=2), images)
    resumed.resume()
    resumed.run()
    assert [row["learning_rate"] for row in resumed.progress.history] == pytest.approx(
        [0.002 / 3] * 2, rel=1e-5
    )
