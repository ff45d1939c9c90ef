"""What a training that goes on knows of how it was run."""

import io
from pathlib import Path

import pytest

from core.dataset.training_photographs import KEY
from core.errors import Refusal
from core.models.training import session
from core.models.training.arithmetic import arithmetic
from core.models.training.engines import EngineRequest
from core.models.training.progress import Progress
from core.models.training.request import Request
from core.store import ArtifactStore


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
    facts = {"images_sha256": "0" * 64}
    store.commit(KEY, {"photographs.bin": io.BytesIO().getvalue()}, facts=facts)
    request = Request("ae20", "ae20", start="resume")

    def begun(digest: str | None) -> dict[str, dict[str, object]]:
        engine = {"name": "scan", "photographs": True, "photographs_sha256": digest}
        return {"progress": {"engine": engine}}

    for digest in (None, "0" * 64):
        found = session._with_photographs(request, begun(digest), store)
        assert found == EngineRequest("scan", photographs=True, photographs_sha256="0" * 64)
    with pytest.raises(Refusal, match="others than those that the training was begun with"):
        session._with_photographs(request, begun("1" * 64), store)


def test_on_a_cpu_the_arithmetic_names_no_accelerator() -> None:
    assert arithmetic("float32") == "tensorflow float32"
