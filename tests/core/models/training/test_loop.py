"""The loop of a training: how it stops, goes on, and what it writes."""

import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest

from core.models.autoencoder.network import AutoencoderConfig
from core.models.training import divergence
from core.models.training.checkpoints import state_arrays, weight_arrays
from core.models.training.feed import Images
from core.models.training.loop import Training
from core.models.training.progress import Progress
from core.stop_request import Stopped
from core.store import ArtifactStore
from core.training_records.history_facts import HistoryFacts
from tests.core.models.training.short_trainings import StopAfter, ending_of, short_training


def _figures(training: Training) -> list[dict[str, float]]:
    """The history without what depends on the clock."""
    clock = {"seconds", "total_seconds", "images_per_second"}
    rows = training.progress.history
    return [{name: row[name] for name in row if name not in clock} for row in rows]


@pytest.mark.slow
@pytest.mark.parametrize("questions", [2, 5, 9])
def test_a_training_that_was_stopped_ends_as_if_it_had_not_been(
    questions: int, tmp_path: Path, small_config: AutoencoderConfig, images: Images
) -> None:
    straight = short_training(tmp_path / "straight", small_config, images)
    straight.run()
    stopped = short_training(tmp_path / "stopped", small_config, images, StopAfter(questions))
    with pytest.raises(Stopped, match="stopped by SIGTERM"):
        stopped.run()
    assert ending_of(tmp_path / "stopped") == "stopped by hand"

    resumed = short_training(tmp_path / "stopped", small_config, images)
    resumed.resume()
    resumed.run()

    assert ending_of(tmp_path / "stopped") == ending_of(tmp_path / "straight") == "epoch limit"
    for ours, theirs in zip(_figures(resumed), _figures(straight), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-5)
    ours, theirs = state_arrays(resumed.network), state_arrays(straight.network)
    assert ours["optimizer/adam/iteration"] == theirs["optimizer/adam/iteration"] == 8
    for name in theirs:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-4, atol=1e-6)


def test_an_interrupted_training_that_is_asked_for_no_more_ends_by_its_limit(
    tmp_path: Path, small_config: AutoencoderConfig, images: Images
) -> None:
    training = short_training(tmp_path, small_config, images)
    rows = [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.4}]
    training.follow(Progress(epoch=2, images=28, history=rows, ended_by="stopped by hand"))
    training.run()
    assert ending_of(tmp_path) == "epoch limit"


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
    tmp_path: Path,
    small_config: AutoencoderConfig,
    images: Images,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(divergence, "MAX_LOSS_RATIO", np.inf)  # which would end it before
    # With this step size the first epoch already overshoots, and nothing gets better again.
    wild = dataclasses.replace(small_config, learning_rate=0.9, epochs=20, patience=2)
    training = short_training(tmp_path, wild, images)
    training.run()

    losses = [row["validation_loss"] for row in training.progress.history]
    progress = training.progress
    assert training.has_converged
    assert ending_of(tmp_path) == "early stopping"
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
    tmp_path: Path,
    images: Images,
    small_config: AutoencoderConfig,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(divergence, "MAX_LOSS_RATIO", np.inf)  # which would lower it before
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
    assert stream.getvalue().count("at a third of the rate") == 2
    # Where the rule alone would have ended it is told, and stays that of the first time.
    history = HistoryFacts.of(ArtifactStore(tmp_path).open("histories/ae40"))
    assert history.first_stop == rates.index(pytest.approx(0.5 / 3, abs=1e-5))


@pytest.mark.slow
def test_a_lowered_learning_rate_is_still_low_after_a_stop(
    tmp_path: Path, images: Images, small_config: AutoencoderConfig
) -> None:
    config = dataclasses.replace(small_config, lr_drops=1, epochs=1)
    training = short_training(tmp_path, config, images)
    training.best = weight_arrays(training.network)
    training.lower_learning_rate()
    training.run()
    resumed = short_training(tmp_path, dataclasses.replace(config, epochs=2), images)
    resumed.resume()
    resumed.run()
    assert [row["learning_rate"] for row in resumed.progress.history] == pytest.approx(
        [0.002 / 3] * 2, rel=1e-5
    )


@pytest.mark.slow
@pytest.mark.parametrize("patience", [1, 2])
def test_the_epoch_limit_ends_a_training_whose_rate_might_be_lowered(
    patience: int, tmp_path: Path, images: Images, small_config: AutoencoderConfig
) -> None:
    config = dataclasses.replace(small_config, epochs=1, patience=patience, lr_drops=3)
    training = short_training(tmp_path, config, images)
    training.progress.best_loss, training.progress.waited = 0.0, patience - 1
    training.run()

    assert training.has_converged
    assert len(training.progress.history) == 1
    assert ending_of(tmp_path) == training.checkpoints.progress().ended_by == "epoch limit"
    assert training.progress.lr_drops == 0


def test_a_lowered_rate_begins_a_new_epoch_and_no_end() -> None:
    progress = Progress(epoch=4, step=7, partial={"loss": 0.1}, waited=5, ended_by="divergence")
    progress.note_drop()
    assert (progress.lr_drops, progress.first_stop, progress.waited) == (1, 4, 0)
    assert (progress.step, progress.partial, progress.ended_by) == (0, {}, "")
