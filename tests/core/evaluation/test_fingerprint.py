from dataclasses import replace

import pytest

from core.codecs import get_codec
from core.dataset.image_source import Catalogue
from core.evaluation.block import operating_points
from core.evaluation.fingerprint import decisive_sources, fingerprint
from core.store import ArtifactStore

CATALOGUE = Catalogue(ids=("a", "b"), sha256="0" * 64, subset=("a",))


@pytest.fixture
def store(tmp_path):
    return ArtifactStore(tmp_path)


def taken(store, codec="jpeg", *, points=slice(None), catalogue=CATALOGUE):
    chosen = get_codec(codec)
    return fingerprint(store, chosen, operating_points(chosen, store)[points], catalogue)


def test_it_is_the_same_twice(store):
    assert taken(store) == taken(store)


def test_it_differs_between_codecs(store):
    assert taken(store, "png") != taken(store, "tiff_lzw")


def test_it_changes_with_the_sweep(store):
    assert taken(store) != taken(store, points=slice(1, None))


@pytest.mark.parametrize("change", [{"sha256": "1" * 64}, {"ids": ("a",)}, {"subset": ("b",)}])
def test_it_changes_with_the_images(store, change):
    assert taken(store) != taken(store, catalogue=replace(CATALOGUE, **change))


def test_it_changes_with_the_files_of_the_codecs_model(store):
    before = taken(store)
    store.commit("models/webp", {"webp.onnx": b"other codec"}, facts={})
    assert taken(store) == before
    store.commit("models/jpeg", {"jpeg.onnx": b"weights"}, facts={})
    assert taken(store) != before


def test_it_changes_with_a_library(store, monkeypatch):
    before = taken(store)
    monkeypatch.setattr(
        "core.evaluation.fingerprint.provenance", lambda: {"python": "4", "versions": {}}
    )
    assert taken(store) != before


def test_the_source_of_a_codec_includes_what_it_imports():
    modules = decisive_sources(["core.codecs.avif_444"]).keys()
    assert {"core.codecs.avif", "core.codecs.pillow", "core.codecs.base"} <= modules
    assert "core.codecs.webp" not in modules
    assert "core.store" not in modules


def test_the_source_of_a_learned_codec_includes_its_entropy_coding_and_its_network():
    modules = decisive_sources(["core.codecs.ae20"]).keys()
    assert {
        "core.codecs.autoencoder",
        "core.entropy.bitstream",
        "core.codecs.onnx_network",
    } <= modules
