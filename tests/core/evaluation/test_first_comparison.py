import shutil
from pathlib import Path

import numpy as np
import pytest

from core.dataset.photographs import photographs
from core.evaluation.comparison import BYTES, CodecConfig, Goal, reconstruct, unready_codecs
from core.evaluation.fingerprint import model_digest
from core.evaluation.first_comparison import (
    FILE,
    KEY,
    Compared,
    commit_first,
    load_first,
    measure_first,
)
from core.evaluation.search_starts import COMPARED_FIRST
from core.images import Image
from core.store import ArtifactError, ArtifactStore

GOLDEN = Path(__file__).parents[2] / "golden"


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path)


@pytest.fixture
def crop() -> Image:
    return np.ascontiguousarray(next(iter(photographs().values()))[100:200, 100:220])


def test_codecs_are_brought_to_the_bytes_of_the_first_and_read_back(store, crop):
    found = measure_first(crop, store)
    assert [one.config.codec for one in found] == ["jpeg", "webp", "avif_444"]  # no model here
    goals = {one.goal for one in found[1:]}
    assert goals == {Goal(BYTES, found[0].reconstruction.record.bytes)}
    commit_first("crop", found, store)
    first = load_first(store)
    assert first.title == "crop"
    for one, again in zip(found, first.compared, strict=True):
        assert (again.config, again.goal, again.model) == (one.config, one.goal, one.model)
        assert again.reconstruction.record == one.reconstruction.record
        assert again.reconstruction.match == one.reconstruction.match
        assert again.reconstruction.data == one.reconstruction.data
        np.testing.assert_array_equal(again.reconstruction.decoded, one.reconstruction.decoded)
        assert "cores" in again.reconstruction.measured_on


def test_without_a_stored_comparison_there_is_none(store):
    assert load_first(store) is None


def test_a_comparison_that_is_not_as_it_was_written_is_named(store, crop):
    commit_first("crop", measure_first(crop, store)[:1], store)
    (store.root / KEY).parent.joinpath(FILE).write_bytes(b"{}")
    with pytest.raises(ArtifactError, match=FILE):
        load_first(store)
    store.commit(KEY, {FILE: b'{"title": 3}'}, facts={})
    with pytest.raises(ArtifactError, match="is no comparison"):
        load_first(store)


def test_what_another_model_made_is_left_out(store, crop):
    shutil.copytree(GOLDEN / "models", store.root / "models")
    config = CodecConfig("bottleneck", 50.0)
    made = reconstruct(config, crop, metrics={}, store=store)
    learned = Compared(config, None, made, model_digest(store, "bottleneck"))
    commit_first("crop", [*measure_first(crop, store), learned], store)
    assert load_first(store).compared[-1].reconstruction.data == made.data
    weights = store.root / "models/bottleneck/synthesis.onnx"
    files = {
        name: store.read("models/bottleneck", name)
        for name in store.manifest("models/bottleneck").files
    }
    changed = files | {"bottleneck/synthesis.onnx": weights.read_bytes() + b" "}
    store.commit("models/bottleneck", changed, facts={})
    assert [one.config.codec for one in load_first(store).compared] == ["jpeg", "webp", "avif_444"]


@pytest.mark.slow
def test_the_shipped_comparison_is_what_the_codecs_give_today():
    store = ArtifactStore.default()
    first = load_first(store)
    absent = unready_codecs(store)
    ready = [name for name in COMPARED_FIRST if name not in absent]
    assert [one.config.codec for one in first.compared] == ready
    title, image = next(iter(photographs().items()))
    assert first.title == title
    for stored, today in zip(first.compared, measure_first(image, store), strict=True):
        assert stored.reconstruction.data == today.reconstruction.data
        np.testing.assert_array_equal(stored.reconstruction.decoded, today.reconstruction.decoded)
        assert stored.reconstruction.record.metrics == pytest.approx(
            today.reconstruction.record.metrics, abs=1e-9
        )
