from dataclasses import replace

import pytest

from core.codecs import get_codec
from core.dataset.image_source import Catalogue
from core.evaluation.block import operating_points
from core.evaluation.deciding_code import deciding_code
from core.evaluation.fingerprint import fingerprint, model_digest
from core.metrics import metrics
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


def test_another_choice_of_images_for_slow_metrics_concerns_those_alone(store):
    before, after = taken(store), taken(store, catalogue=replace(CATALOGUE, subset=("b",)))
    assert after.coding == before.coding
    changed = {name for name in metrics() if after.metrics[name] != before.metrics[name]}
    assert changed == {name for name, metric in metrics().items() if metric.ON_SUBSET_ONLY}


def test_it_changes_with_the_files_of_the_codecs_model(store):
    before = taken(store)
    store.commit("models/webp", {"webp.onnx": b"other codec"}, facts={})
    store.commit("models/jpeg_visual", {"jpeg_visual.onnx": b"a name that begins alike"}, facts={})
    assert taken(store) == before
    store.commit("models/jpeg", {"jpeg.onnx": b"weights"}, facts={})
    assert taken(store) != before


def test_the_card_and_the_weights_of_a_training_do_not_decide(store):
    files = {"jpeg/decoder.onnx": b"weights", "jpeg/card.json": b"{}", "jpeg/weights.npz": b"1"}
    store.commit("models/jpeg", files, facts={})
    before = model_digest(store, "jpeg")
    store.commit(
        "models/jpeg", files | {"jpeg/card.json": b"[]", "jpeg/weights.npz": b"2"}, facts={}
    )
    assert model_digest(store, "jpeg") == before
    store.commit("models/jpeg", files | {"jpeg/decoder.onnx": b"other"}, facts={})
    assert model_digest(store, "jpeg") != before


def test_a_codec_without_a_model_has_no_digest(store):
    assert model_digest(store, "jpeg") is None


def test_it_changes_with_a_library_that_the_codec_uses_and_with_no_other(store, monkeypatch):
    before = taken(store)
    versions = {"pillow": "1.0", "keras": "1.0"}
    version = "core.evaluation.deciding_code.metadata.version"
    deciding_code_cache = "core.evaluation.deciding_code._deciding_code"
    from core.evaluation import deciding_code as module

    monkeypatch.setattr(deciding_code_cache, module._deciding_code.__wrapped__)
    monkeypatch.setattr(version, lambda name: {"keras": "1.0"}.get(name, _real(name)))
    assert taken(store) == before
    monkeypatch.setattr(version, lambda name: versions.get(name, _real(name)))
    assert taken(store).coding != before.coding


def _real(name):
    from importlib.metadata import distribution

    return distribution(name).version


def test_only_the_metrics_that_changed_are_stale():
    known = taken(ArtifactStore("/nonexistent"), "png")
    assert known.stale_metrics(known.facts()) == ()
    facts = known.facts()
    del facts["metric_fingerprints"]["ssim"]
    facts["metric_fingerprints"]["psnr_db"] = "another"
    assert known.stale_metrics(facts) == ("psnr_db", "ssim")


def test_nothing_of_another_coding_is_kept():
    known = taken(ArtifactStore("/nonexistent"), "png")
    assert known.stale_metrics(known.facts() | {"fingerprint": "another"}) is None
    assert known.stale_metrics({}) is None


def test_the_code_of_a_codec_includes_what_it_imports_and_nothing_else():
    found = deciding_code(["core.codecs.avif_444:sweep"])
    modules = {name.partition(":")[0] for name in found.definitions}
    assert {"core.codecs.avif", "core.codecs.pillow", "core.codecs.base"} <= modules
    assert "core.codecs.webp" not in modules
    assert "core.store" not in modules
    assert set(found.libraries) == {"numpy", "pillow"}


def test_the_code_of_a_learned_codec_includes_its_entropy_coding_and_its_network():
    found = deciding_code(["core.codecs.ae20:CODEC"])
    modules = {name.partition(":")[0] for name in found.definitions}
    assert {
        "core.codecs.autoencoder",
        "core.entropy.bitstream",
        "core.codecs.onnx_network",
    } <= modules
    assert {"constriction", "onnxruntime"} <= set(found.libraries)
