"""What a training that goes on knows of how it was run."""

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest

from core.dataset.training_photographs import KEY, VALUES_FILE
from core.errors import Refusal
from core.models.autoencoder.network import AutoencoderConfig
from core.models.training import session
from core.models.training.arithmetic import arithmetic
from core.models.training.engines import EngineRequest
from core.models.training.feed import Images
from core.models.training.progress import Progress
from core.models.training.request import Request
from core.models.training.start_checks import check_limits, with_photographs
from core.models.training.weight_pieces import WeightPieces
from core.store import ArtifactStore
from tests.core.models.training.short_trainings import short_training


def test_another_way_of_running_the_steps_does_not_hide_the_one_before() -> None:
    scan = {"name": "scan", "minutes": 8.0, "photographs": True}
    fit = {"name": "fit", "minutes": None, "photographs": False, "photographs_sha256": None}
    progress = Progress()
    progress.note_engine(scan)
    progress.note_engine(fit)
    assert (progress.engine, progress.earlier_engines) == (fit, [])  # no step was run by scan

    progress = Progress(images=10, engine=scan)
    progress.note_engine({**scan, "photographs_sha256": None})  # as told by an earlier version
    progress.note_engine(fit)
    progress.note_engine(fit)
    assert progress.earlier_engines == [{**scan, "photographs_sha256": None}]


def test_a_training_does_not_go_on_with_other_photographs(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    store.commit(KEY, {VALUES_FILE: b"pixels"}, facts={})
    digest = hashlib.sha256(b"pixels").hexdigest()
    request = Request("ae20", "ae20", start="resume")

    def engine(seen: str | None) -> dict[str, Any]:
        return {"name": "scan", "photographs": True, "photographs_sha256": seen}

    usual = {"progress": {"engine": engine(None)}}
    for begun in (usual, {"progress": {"engine": engine(digest)}}):
        found = with_photographs(request, begun, store)
        assert found == EngineRequest("scan", photographs=True, photographs_sha256=digest)
    others: tuple[dict[str, Any], ...] = (
        {"progress": {"engine": engine("1" * 64)}},
        {"progress": {"engine": engine(None), "earlier_engines": [engine("1" * 64)]}},
        usual | {"photographs": ["1" * 64]},  # those of a published model
    )
    for begun in others:
        with pytest.raises(Refusal, match="others than those that the training was begun with"):
            with_photographs(request, begun, store)


def test_limits_that_the_clock_would_overrule_are_refused() -> None:
    request = Request("ae20", "ae20", start="resume", overrides={"epochs": 500, "batch": 8})
    check_limits(request, EngineRequest("scan"))
    with pytest.raises(Refusal, match="The clock alone ends this training, so --epochs would"):
        check_limits(request, EngineRequest("scan", minutes=3.0))


def test_an_export_says_that_weights_here_are_newer_than_its_checkpoint(
    tmp_path: Path, small_config: AutoencoderConfig, images: Images
) -> None:
    stream = io.StringIO()
    training = short_training(tmp_path, small_config, images, stream=stream)
    training.progress = Progress(epoch=1, images=14, run="a run")
    pieces = WeightPieces(ArtifactStore(tmp_path), "ae40")
    for seen, run, is_told in ((14, "a run", False), (99, "another", False), (99, "a run", True)):
        pieces.save_best({}, training.checkpoints, Progress(images=seen, run=run))
        session._tell_newer_pieces(training)
        assert ("after 14 images; the weights in" in stream.getvalue()) == is_told


def test_on_a_cpu_the_arithmetic_names_no_accelerator() -> None:
    assert arithmetic("float32") == "tensorflow float32"
