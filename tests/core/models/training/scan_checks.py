"""What the tests of the scan engine run in a process of its own, on JAX's CPU backend.

Usage: python scan_checks.py CHECK FOLDER
"""

import contextlib
import dataclasses
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import keras
import numpy as np

from core.models import get_model
from core.models.autoencoder.network import AutoencoderConfig
from core.models.bottleneck import network as bottleneck
from core.models.training.checkpoints import Checkpoints, weight_arrays
from core.models.training.history import History
from core.models.training.loop import Training
from core.models.training.monitor import Monitor
from core.models.training.scan_training import ScanTraining
from core.models.training.weight_pieces import WeightPieces
from core.stop_request import Stopped, StopRequest
from core.store import ArtifactStore
from tests.core.models.tiny import MINIATURE
from tests.core.models.training.sample_checks import images, samples
from tests.core.models.training.short_trainings import StopAfter
from tests.core.models.training.ticking_clock import TickingClock

AE = AutoencoderConfig(filters=(4,), learning_rate=0.002, batch=4, epochs=2, epoch_images=16)
BNK = dataclasses.replace(
    MINIATURE,
    batch=4,
    epochs=1,
    epoch_images=16,
    validation_images=2,
    channels=16,
    analysis_blocks=(1, 0),
    synthesis_blocks=(1, 0),
    entropy_width=8,
    max_shift=0,
)

RATE = dataclasses.replace(
    get_model("ae40_rd").config,
    filters=(12, 48),
    channels=8,
    kernel=3,
    learning_rate=0.002,
    batch=4,
    epochs=1,
    epoch_images=16,
    validation_images=2,
)


def training(kind: type, folder: Path, config: Any, name: str = "ae80", **own: Any) -> Any:
    store = ArtifactStore(folder)
    history = History(store, name, config)
    keras.utils.set_random_seed(config.seed)
    model = (bottleneck if name == "bottleneck" else get_model(name)).build(config)
    random = np.random.default_rng(config.seed)
    for weight in model.weights:
        weight.assign(np.asarray(weight) + 0.02 * random.normal(size=weight.shape))
    return kind(
        model,
        config,
        images()[:16],
        images()[16:],
        Checkpoints(store, name, config, "data"),
        history,
        Monitor(history, config.epochs, io.StringIO()),
        own.pop("stop", StopRequest()),
        **own,
    )


def difference(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> float:
    assert set(ours) == set(theirs)
    return max(float(np.abs(ours[name] - theirs[name]).max()) for name in ours)


def equal_to_fit(folder: Path, config: Any, name: str) -> Any:
    """Losses and weights after the same batches through `fit` and through the scan engine."""
    fitted = training(Training, folder / "fit", config, name)
    fitted.network.initialise = lambda images: None
    fitted.run()
    scanned = training(ScanTraining, folder / "scan", config, name, chunk_steps=3)
    scanned.network.initialise = lambda images: None
    before = weight_arrays(scanned.network)
    scanned.run()
    ours, theirs = (t.progress.history for t in (scanned, fitted))
    return {
        "rows": [len(ours), len(theirs)],
        "names": sorted(set(ours[0]) ^ set(theirs[0])),
        "losses": [[row["loss"] for row in rows] for rows in (ours, theirs)],
        "validation": [[row["validation_loss"] for row in rows] for rows in (ours, theirs)],
        "weights": difference(weight_arrays(scanned.network), weight_arrays(fitted.network)),
        "moved": difference(weight_arrays(scanned.network), before),
    }


class Poisoned(ScanTraining):
    """Its weights become NaN before some chunks, counted from 0."""

    poisoned: tuple[int, ...] = ()
    chunks = 0

    def _chunk(self, carry: Any, rows: Any, seconds: float) -> Any:
        if self.chunks in self.poisoned:
            trainable = [jnp.full_like(value, jnp.nan) for value in carry.state[0]]
            carry = carry._replace(state=(trainable, *carry.state[1:]))
        self.chunks += 1
        return super()._chunk(carry, rows, seconds)


def rolled_back(folder: Path) -> Any:
    config = dataclasses.replace(AE, epochs=3)
    found = training(Poisoned, folder, config, chunk_steps=2, warm_up_steps=2)
    found.poisoned = (1, 2, 3)
    found.run()
    # An epoch that is one chunk, which is rolled back.
    whole = training(Poisoned, folder / "whole", dataclasses.replace(AE, epochs=1), chunk_steps=4)
    whole.poisoned = (0,)
    whole.run()
    return {
        "whole": [whole.progress.guards["rollbacks"], len(whole.progress.history)],
        "guards": found.progress.guards,
        "losses": [row["validation_loss"] for row in found.progress.history],
        "finite": all(np.isfinite(w).all() for w in weight_arrays(found.network).values()),
        "said": found.monitor.stream.getvalue(),
    }


def one_bad_step(folder: Path) -> Any:
    """A step whose rate is NaN is not applied; those around it are."""
    found = training(ScanTraining, folder, dataclasses.replace(AE, epochs=1), chunk_steps=4)
    found.rate.schedule = lambda steps: np.where(steps == 1, np.nan, 0.002).astype(np.float32)
    found.run()
    return {
        "guards": found.progress.guards,
        "iterations": int(found.network.optimizer.iterations),
        "finite": all(np.isfinite(w).all() for w in weight_arrays(found.network).values()),
    }


def stopped(folder: Path) -> Any:
    straight = training(ScanTraining, folder / "straight", AE, chunk_steps=1)
    straight.run()
    halted = training(ScanTraining, folder / "halted", AE, chunk_steps=1, stop=StopAfter(2))
    with contextlib.suppress(Stopped):
        halted.run()
    resumed = training(ScanTraining, folder / "halted", AE, chunk_steps=1)
    resumed.resume()
    position = [resumed.progress.epoch, resumed.progress.step]
    resumed.run()
    # An export, and `fit`, read what the scan engine wrote.
    fitted = training(Training, folder / "halted", AE)
    fitted.resume()
    return {
        "fit": difference(weight_arrays(fitted.network), weight_arrays(resumed.network)),
        "position": position,
        "losses": [[row["loss"] for row in t.progress.history] for t in (straight, resumed)],
        "weights": difference(weight_arrays(straight.network), weight_arrays(resumed.network)),
    }


class Killed(ScanTraining):
    """Ends its process as a kill would, in the second epoch."""

    def _chunk(self, carry: Any, rows: Any, seconds: float) -> Any:
        if self.progress.epoch == 1:
            os._exit(9)
        return super()._chunk(carry, rows, seconds)


def killed(folder: Path) -> Any:
    training(Killed, folder, AE, chunk_steps=2).run()


def after_kill(folder: Path) -> Any:
    found = training(ScanTraining, folder, AE, chunk_steps=2)
    found.resume()
    epoch = found.progress.epoch
    found.run()
    return {"epoch": epoch, "rows": len(found.progress.history)}


def by_clock(folder: Path) -> Any:
    clock, spent = TickingClock(), list[float]()
    pieces = WeightPieces(ArtifactStore(folder), "ae80", 0.0, 1000, _saved=0.0)
    own = {"minutes": 0.1, "chunk_steps": 2, "warm_up_steps": 4, "pieces": pieces}
    found = training(ScanTraining, folder, AE, **own)
    stage = training(ScanTraining, folder / "stage", AE, **own | {"pieces": None})
    # A stage has a time of its own, whatever the training before it took.
    stage.progress.seconds = stage.progress.plan_start_seconds = 1000.0
    for one in (found, stage):
        started = clock.now()
        one.run()
        spent.append(clock.now() - started)
    best = pieces.best()
    again = training(ScanTraining, folder / "stage", AE, **own | {"pieces": None})
    again.resume()
    again.run()
    return {
        "trained_on": again.progress.images - stage.progress.images,
        "seconds": spent,
        "rates": [row["learning_rate"] for row in found.progress.history],
        "keys": pieces.store.keys("cache/train/"),
        "best": best.keys() == found.best.keys()
        and difference({k: np.float32(np.float16(v)) for k, v in found.best.items()}, best),
        "ended_by": [t.progress.ended_by for t in (found, stage)],
        "stage_steps": stage.progress.images // AE.batch,
    }


def after_rollbacks(folder: Path) -> Any:
    """The rate that a training goes on at which was rolled back before it was killed."""
    guards = {"factor": 0.25, "decay_from": 0.3, "warm_from": 5000.0, "step": 6000.0}
    own = {"minutes": 10.0, "warm_up_steps": 4}
    before = training(ScanTraining, folder, AE, **own)
    before.progress.guards = guards
    before.checkpoints.save(before.network, {}, before.progress)
    found = training(ScanTraining, folder, AE, **own)
    found.resume()
    return {name: getattr(found.rate, name) for name in ("factor", "decay_from", "warm_from")}


def alternately(folder: Path) -> Any:
    """Numbers of the first steps by scan, after `fit` each time, and the rate of `fit` at last."""
    firsts: list[int] = []

    def scanned(epochs: int) -> ScanTraining:
        config = dataclasses.replace(AE, epochs=epochs)
        found: ScanTraining = training(ScanTraining, folder, config, chunk_steps=2)
        found.resume()
        rates = found.rate.rates
        found.rate.rates = lambda first, count, *, seconds: (  # type: ignore[method-assign]
            firsts.append(first) or rates(first, count, seconds=seconds)
        )
        found.run()
        return found

    def fitted(epochs: int) -> Training:
        found: Training = training(Training, folder, dataclasses.replace(AE, epochs=epochs))
        if found.checkpoints.keys():
            found.resume()
        found.run()
        return found

    fitted(1), scanned(2), fitted(3)
    last = scanned(4)
    last.lower_learning_rate()
    last.checkpoints.save(last.network, last.best, last.progress)
    return {"firsts": firsts, "rate": float(fitted(4).network.optimizer.learning_rate)}


CHECKS = {
    "autoencoder": lambda folder: equal_to_fit(folder, AE, "ae80"),
    "bottleneck": lambda folder: equal_to_fit(folder, BNK, "bottleneck"),
    "rate_autoencoder": lambda folder: equal_to_fit(folder, RATE, "ae40_rd"),
    "rolled_back": rolled_back,
    "one_bad_step": one_bad_step,
    "stopped": stopped,
    "killed": killed,
    "after_kill": after_kill,
    "by_clock": by_clock,
    "after_rollbacks": after_rollbacks,
    "alternately": alternately,
    "samples": samples,
}

if __name__ == "__main__":
    assert keras.backend.backend() == "jax"
    print(json.dumps(CHECKS[sys.argv[1]](Path(sys.argv[2]))))
