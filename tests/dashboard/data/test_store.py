import io
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from core.store import ArtifactStore
from dashboard.data.png import png_of
from dashboard.data.store import store_state


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ArtifactStore:
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(tmp_path))
    store = ArtifactStore(tmp_path)
    store.commit("models/ae80", {"ae80/card.json": b"{}"}, facts={})
    return store


def test_a_fingerprint_stays_while_nothing_changes(store: ArtifactStore) -> None:
    assert store_state("models/") == store_state("models/")


def test_a_fingerprint_sees_an_artifact_that_is_committed_again(store: ArtifactStore) -> None:
    before = store_state("models/ae80")
    store.commit("models/ae80", {"ae80/card.json": b"[]"}, facts={})
    assert store_state("models/ae80") != before


def test_a_fingerprint_sees_a_file_that_is_damaged_or_lost(store: ArtifactStore) -> None:
    file = store.path("models/ae80", "ae80/card.json")
    whole = store_state("models/ae80")
    file.write_bytes(b"{ }")
    damaged = store_state("models/ae80")
    file.unlink()
    assert len({whole, damaged, store_state("models/ae80")}) == 3


def test_a_fingerprint_is_of_its_own_artifacts_only(store: ArtifactStore) -> None:
    before = store_state("models/ae80")
    store.commit("models/ae40", {"ae40/card.json": b"{}"}, facts={})
    store.commit("results/set/ae80", {"ae80.parquet": b""}, facts={})
    assert store_state("models/ae80") == before
    assert "ae40" in store_state("models/")


def test_a_lock_changes_no_fingerprint(store: ArtifactStore) -> None:
    before = store_state("models/")
    with store.lock("models/ae80"):
        assert store_state("models/") == before


def test_the_fingerprint_of_nothing_can_be_taken(store: ArtifactStore) -> None:
    assert store_state("results/nowhere/") == store_state("results/nowhere/")


@pytest.mark.parametrize("scale", [1, 3])
def test_a_kept_png_is_of_its_own_shape_and_scale(scale: int) -> None:
    line = np.arange(72, dtype=np.uint8)
    for shape in ((4, 6, 3), (6, 4, 3)):
        image = line.reshape(shape)
        for _ in range(2):
            decoded = np.asarray(PIL.Image.open(io.BytesIO(png_of(image, scale=scale))))
            assert np.array_equal(decoded[::scale, ::scale], image)
            assert decoded.shape[:2] == (scale * shape[0], scale * shape[1])
