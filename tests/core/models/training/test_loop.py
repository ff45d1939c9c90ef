import dataclasses
import io
import signal
from pathlib import Path

import numpy as np
import pytest

from core.images import Image
from core.models import get_model
from core.models.autoencoder.network import Autoencoder, AutoencoderConfig
from core.models.training.checkpoints import Checkpoints, state_arrays
from core.models.training.feed import Images
from core.models.training.history import History
from core.models.training.loop import Diverged, Training
from core.models.training.monitor import Monitor
from core.stop_request import Stopped, StopRequest
from core.store import ArtifactStore
from core.training_records.previews import (
    join_preview,
    preview_originals,
    preview_psnr_db,
    read_previews,
)


class _StopAfter(StopRequest):
    """Wishes to stop once it was asked so many times."""

    def __init__(self, questions: int) -> None:
        self._left = questions

    @property
    def signal(self) -> int | None:  # type: ignore[override]
        self._left -= 1
        return signal.SIGTERM if self._left < 0 else None


def _training(
    folder: Path,
    config: AutoencoderConfig,
    images: Images,
    stop: StopRequest | None = None,
    stream: io.StringIO | None = None,
) -> Training:
    store = ArtifactStore(folder)
    history = History(store, "ae40", config)
    model = get_model("ae40").build(config)
    # Every training of a test starts from the same weights, without touching global seeds.
    random = np.random.default_rng(config.seed)
    model.set_weights([0.2 * random.normal(size=weight.shape) for weight in model.weights])
    return Training(
        model,
        config,
        images[:14],
        images[14:],
        Checkpoints(store, "ae40", config, "data"),
        history,
        Monitor(history, config.epochs, stream or io.StringIO()),
        stop or StopRequest(),
    )


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
    straight = _training(tmp_path / "straight", small_config, images)
    straight.run()
    stopped = _training(tmp_path / "stopped", small_config, images, _StopAfter(questions))
    with pytest.raises(Stopped, match="stopped by SIGTERM"):
        stopped.run()

    resumed = _training(tmp_path / "stopped", small_config, images)
    resumed.resume()
    resumed.run()

    for ours, theirs in zip(_figures(resumed), _figures(straight), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-5)
    ours, theirs = state_arrays(resumed.network), state_arrays(straight.network)
    assert ours["optimizer/adam/iteration"] == theirs["optimizer/adam/iteration"] == 8
    for name in theirs:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_a_training_that_diverges_says_so_and_leaves_the_last_good_checkpoint(
    tmp_path: Path, small_config: AutoencoderConfig, images: Images
) -> None:
    good = _training(tmp_path, dataclasses.replace(small_config, epochs=1), images)
    good.run()
    (kept,) = good.checkpoints.keys()

    lost = _training(tmp_path, small_config, images)
    lost.resume()
    lost.network.set_weights([np.full(w.shape, np.nan) for w in lost.network.weights])
    with pytest.raises(Diverged, match="diverged in epoch 2: its loss is nan"):
        lost.run()
    assert lost.checkpoints.keys() == [kept]


@pytest.mark.slow
def test_more_epochs_go_on_where_fewer_ended(
    tmp_path: Path, small_config: AutoencoderConfig, images: Images
) -> None:
    _training(tmp_path, dataclasses.replace(small_config, epochs=1), images).run()

    longer = _training(tmp_path, small_config, images)
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
    training = _training(tmp_path, wild, images)
    training.run()

    losses = [row["validation_loss"] for row in training.progress.history]
    progress = training.progress
    assert training.has_converged
    assert len(losses) == progress.best_epoch + 2 < 20
    assert progress.best_loss == min(losses) == losses[progress.best_epoch - 1]
    training.network.set_weights(list(training.best.values()))
    found = training.network.evaluate(images[14:], batch_size=4, verbose=0, return_dict=True)
    assert found["loss"] == pytest.approx(progress.best_loss, rel=1e-5)


@pytest.mark.slow
def test_the_history_is_a_table_with_one_row_per_epoch(
    tmp_path: Path, small_config: AutoencoderConfig, images: Images
) -> None:
    training = _training(tmp_path, small_config, images)
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
    _training(tmp_path, small_config, images, stream=stream).run()

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
    training = _training(tmp_path, config, images, stream=stream)
    training.run()

    rates = [row["learning_rate"] for row in training.progress.history]
    assert sorted({round(rate, 6) for rate in rates}, reverse=True) == pytest.approx(
        [0.5, 0.5 / 3, 0.5 / 9], abs=1e-5
    )
    assert training.progress.lr_drops == 2
    assert training.has_converged
    assert "at learning rate 0.17" in stream.getvalue()


@pytest.mark.slow
def test_a_lowered_learning_rate_is_still_low_after_a_stop(
    tmp_path: Path, images: Images, small_config: AutoencoderConfig
) -> None:
    config = dataclasses.replace(small_config, lr_drops=1, epochs=1)
    training = _training(tmp_path, config, images)
    training.lower_learning_rate()
    training.run()
    resumed = _training(tmp_path, dataclasses.replace(config, epochs=2), images)
    resumed.resume()
    resumed.run()
    assert [row["learning_rate"] for row in resumed.progress.history] == pytest.approx(
        [0.002 / 3] * 2, rel=1e-5
    )


def _previews(folder: Path) -> dict[int, Image]:
    return read_previews(ArtifactStore(folder), "histories/ae40").rows


def test_the_history_keeps_what_the_model_made_of_the_six_images_after_each_epoch(
    tmp_path: Path, small_config: AutoencoderConfig, images: Images
) -> None:
    training = _training(tmp_path, small_config, images)
    training.run()

    found = _previews(tmp_path)
    assert list(found) == [1, 2]
    assert not np.array_equal(found[1], found[2])
    last = training.network.reconstructions(preview_originals())
    np.testing.assert_array_equal(found[2], join_preview(last))


def test_the_preview_says_what_the_validation_of_the_same_images_says(
    small_model: Autoencoder,
) -> None:
    random = np.random.default_rng(3)
    small_model.set_weights([0.2 * random.normal(size=w.shape) for w in small_model.weights])
    found = small_model.evaluate(preview_originals(), verbose=0, return_dict=True)
    preview = join_preview(small_model.reconstructions(preview_originals()))

    assert preview_psnr_db(preview) == pytest.approx(found["psnr_db"], rel=1e-4)


def test_what_a_diverged_model_cannot_say_becomes_black(small_model: Autoencoder) -> None:
    small_model.set_weights([np.full(w.shape, np.nan) for w in small_model.weights])

    assert not small_model.reconstructions(preview_originals()).any()


@pytest.mark.slow
def test_a_training_that_goes_on_keeps_the_previews_of_the_epochs_that_it_knows(
    tmp_path: Path, small_config: AutoencoderConfig, images: Images
) -> None:
    _training(tmp_path, small_config, images).run()
    before = _previews(tmp_path)
    store = ArtifactStore(tmp_path)
    store.delete("checkpoints/ae40/epoch-0002")  # as if the newest checkpoint were lost

    longer = _training(tmp_path, dataclasses.replace(small_config, epochs=3), images)
    longer.resume()
    assert longer.history.previews.numbers == [1]
    longer.run()

    after = _previews(tmp_path)
    assert list(after) == [1, 2, 3]
    np.testing.assert_array_equal(after[1], before[1])


@pytest.mark.slow
def test_a_training_whose_earlier_epochs_have_no_previews_goes_on_with_previews(
    tmp_path: Path, small_config: AutoencoderConfig, images: Images
) -> None:
    first = _training(tmp_path, dataclasses.replace(small_config, epochs=1), images)
    first.run()
    store = ArtifactStore(tmp_path)
    facts = {"model": "ae40", "config": small_config.record(), "running": None}
    table = store.read("histories/ae40", "ae40.csv")
    store.commit("histories/ae40", {"ae40.csv": table}, facts=facts)  # as histories once were

    resumed = _training(tmp_path, small_config, images)
    resumed.resume()
    resumed.run()

    assert list(_previews(tmp_path)) == [2]
    assert [row["epoch"] for row in resumed.history.read()] == [1, 2]


@pytest.mark.slow
def test_damaged_previews_are_told_of_and_do_not_keep_a_training_from_going_on(
    tmp_path: Path, small_config: AutoencoderConfig, images: Images
) -> None:
    _training(tmp_path, dataclasses.replace(small_config, epochs=1), images).run()
    (tmp_path / "histories" / "ae40.png").write_bytes(b"no image")
    stream = io.StringIO()

    resumed = _training(tmp_path, small_config, images, stream=stream)
    resumed.resume()
    resumed.run()

    assert f"the previews of earlier epochs are lost: {tmp_path}/histories/ae40.png" in (
        stream.getvalue()
    )
    assert list(_previews(tmp_path)) == [2]


@pytest.mark.slow
def test_a_training_that_starts_anew_has_no_previews_of_the_one_before(
    tmp_path: Path, small_config: AutoencoderConfig, images: Images
) -> None:
    _training(tmp_path, small_config, images).run()
    _training(tmp_path, dataclasses.replace(small_config, epochs=1), images).run()

    assert list(_previews(tmp_path)) == [1]
