"""Results of all codecs on one data set, read together and compared on common images."""

import hashlib
from dataclasses import replace

import pytest

from core.evaluation.measurements import on_common_images
from core.evaluation.results import (
    load_results,
    result_datasets,
    result_key,
    results_of_other_images,
)
from core.evaluation.table import to_parquet, to_table
from core.store import ArtifactStore
from tests.core.evaluation.raw_codec import Raw, frame_of, measured, types_of


@pytest.fixture
def store(tmp_path, image):
    """Store with results of two codecs on one data set."""
    store = ArtifactStore(tmp_path)
    for codec in ("raw", "other"):
        table = to_table([measured(Raw(codec=codec), image)])
        key = result_key("mine", codec)
        store.commit(key, {f"{codec}.parquet": to_parquet(table)}, facts={})
    return store


def test_results_of_all_codecs_are_one_frame(store):
    results = load_results(store, "mine")
    assert results.frame["codec"].tolist() == ["other", "raw"]
    assert results.manifests.keys() == {"other", "raw"}
    assert results.problems == ()
    assert result_datasets(store) == ["mine"]


def test_one_damaged_file_does_not_hide_the_rest(store):
    path = store.path("results/mine/other", "other.parquet")
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    results = load_results(store, "mine")
    assert results.frame["codec"].tolist() == ["raw"]
    assert [problem.key for problem in results.problems] == ["results/mine/other"]
    assert results.manifests.keys() == {"raw"}


def test_a_data_set_without_results_gives_an_empty_frame(store, image):
    results = load_results(store, "another")
    assert results.frame.empty
    assert types_of(results.frame) == types_of(load_results(store, "mine").frame)


def test_data_sets_do_not_mix_when_one_name_begins_like_another(store, image):
    data = to_parquet(to_table([measured(Raw(), image)]))
    store.commit("results/mine2/raw", {"raw.parquet": data}, facts={})
    assert len(load_results(store, "mine").frame) == 2
    assert result_datasets(store) == ["mine", "mine2"]


def test_results_on_other_images_are_left_out_and_named(tmp_path, image):
    store = ArtifactStore(tmp_path)
    for codec, digest in {"webp": "b", "avif": "b", "heic": "b", "jpeg": "a", "png": "a"}.items():
        data = to_parquet(to_table([measured(Raw(codec=codec), image)]))
        facts = {"dataset": {"name": "mine", "sha256": digest, "images": 1}}
        store.commit(result_key("mine", codec), {f"{codec}.parquet": data}, facts=facts)
    results = load_results(store, "mine")
    assert sorted(results.frame["codec"]) == ["jpeg", "png"]
    assert sorted(results.manifests) == ["jpeg", "png"]
    assert [problem.key for problem in results.problems] == [
        f"results/mine/{codec}" for codec in ("avif", "heic", "webp")
    ]
    assert all("is of other images than the other results" in str(p) for p in results.problems)
    store.commit("datasets/mine", {"mine/test.npy": b"pixels"}, facts={})
    assert len(load_results(store, "mine").frame) == 2
    digest = hashlib.sha256(b"pixels").hexdigest()
    facts = store.manifest("results/mine/webp").facts
    store.restate("results/mine/webp", facts | {"dataset": {"name": "mine", "sha256": digest}})
    assert load_results(store, "mine").frame["codec"].tolist() == ["webp"]
    assert results_of_other_images(store, "mine") == ["avif", "heic", "jpeg", "png"]


def test_methods_are_compared_on_the_images_that_all_of_them_have(image):
    def row(codec, image_id, **changes):
        return replace(measured(Raw(codec=codec, brighter=1), image), image=image_id, **changes)

    frame = frame_of(
        row("jpeg", "a"),
        row("jpeg", "b"),
        row("jpeg", "tiny", metrics={"psnr_db": 20.0, "ssim": None}),
        row("webp", "a"),
        row("webp", "b", error="refused", bytes=None, metrics={}),
        row("webp", "tiny", metrics={"psnr_db": 20.0, "ssim": None}),
        row("avif", "a", error="refused", bytes=None, metrics={}),
    )
    common = on_common_images(frame)
    assert common["image"].tolist() == ["a", "a"]
    assert sorted(common["codec"]) == ["jpeg", "webp"]
