import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from core.dataset.splits import sample_images
from core.evaluation.results import load_results
from core.evaluation.table import from_parquet, to_parquet
from core.metrics import metrics
from core.store import ArtifactStore
from pipelines.evaluate import step as evaluate

KEY = "results/imagenette160/jpeg"
IMAGES = 24


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Store with 24 crops of a photograph as test images, and JPEG measured on them."""
    with pytest.MonkeyPatch.context() as patch:
        root = tmp_path_factory.mktemp("artifacts")
        patch.setenv("BOTTLENECK_ARTIFACTS", str(root))
        store = ArtifactStore.default()
        photograph = sample_images()["Chelsea (cat)"]
        crops = [photograph[8 * n : 8 * n + 96, 8 * n : 8 * n + 96] for n in range(IMAGES)]
        index = {"id": [f"n01/{number:02}" for number in range(IMAGES)], "split": "test"}
        index |= {"class_id": "n01", "class_name": "cat"}
        index |= {"sha256": [f"{number:064x}" for number in range(IMAGES)]}
        array, table = io.BytesIO(), io.BytesIO()
        np.save(array, np.stack(crops))
        pd.DataFrame(index).to_parquet(table)
        files = {"imagenette160/test.npy": array, "imagenette160/index.parquet": table}
        contents = {name: file.getvalue() for name, file in files.items()}
        store.commit("datasets/imagenette160", contents, facts={})
        assert evaluate.main(["jpeg", "--jobs", "2"]) == 0
        yield store


@pytest.fixture
def store(measured, monkeypatch):
    """The store, whose results of JPEG are afterwards as they were."""
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(measured.root))
    manifest, data = measured.manifest(KEY), measured.read(KEY, "jpeg.parquet")
    yield measured
    measured.commit(KEY, {"jpeg.parquet": data}, facts=manifest.facts)


def verify(*arguments):
    return evaluate.main(["jpeg", "--verify", str(IMAGES), "--jobs", "1", *arguments])


@pytest.mark.slow
def test_results_that_come_out_again_are_equal(store, capsys):
    assert verify() == 0
    assert "jpeg: equal. All 72 files" in capsys.readouterr().err


@pytest.mark.slow
def test_stamped_results_keep_when_and_by_what_they_were_measured(store):
    before = store.manifest(KEY)
    stale = {**before.facts, "fingerprint": "of older code"}
    store.restate(KEY, stale)
    assert verify("--stamp") == 0
    after = store.manifest(KEY)
    assert (after.created, after.provenance, after.files) == (
        before.created,
        before.provenance,
        before.files,
    )
    assert after.facts["fingerprint"] == before.facts["fingerprint"]
    sampled = after.facts["verified"]
    assert (sampled["images"], sampled["rows"], sampled["largest_difference"]) == (24, 72, 0.0)
    assert sampled["settings"] == ["quality=2", "quality=35", "quality=90"]
    assert evaluate.plans(evaluate.Config(codecs=("jpeg",)), say=lambda line: None) == []


@pytest.mark.slow
def test_without_the_flag_nothing_is_written(store):
    store.restate(KEY, {**store.manifest(KEY).facts, "fingerprint": "of older code"})
    before = store.manifest(KEY)
    assert verify() == 0
    assert store.manifest(KEY) == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("column", "change", "message"),
    [
        ("bytes", 1, "bytes differs in 72 of 72 rows"),
        ("psnr_db", 1e-4, "psnr_db differs in 72 rows, by up to "),
        ("ssim", 1e-5, "ssim differs in 72 rows"),
    ],
)
def test_other_results_are_named_and_never_stamped(store, capsys, column, change, message):
    table = from_parquet(store.read(KEY, "jpeg.parquet"))
    frame = table.to_pandas()
    frame[column] = (frame[column] + change).astype(frame[column].dtype)

    changed = pa.Table.from_pandas(frame, schema=table.schema, preserve_index=False)
    facts = {**store.manifest(KEY).facts, "fingerprint": "of older code"}
    store.commit(KEY, {"jpeg.parquet": to_parquet(changed)}, facts=facts)
    assert verify("--stamp") == 2
    assert message in capsys.readouterr().err
    assert store.manifest(KEY).facts["fingerprint"] == "of older code"


def test_a_small_sample_and_a_stamp_without_one_are_refused(store, capsys):
    assert evaluate.main(["jpeg", "--verify", "3"]) == 2
    assert "at least 24; received 3" in capsys.readouterr().err
    assert evaluate.main(["jpeg", "--stamp"]) == 2
    assert "give both" in capsys.readouterr().err


@pytest.mark.slow
def test_a_metric_is_added_without_measuring_the_rest_again(store, capsys):
    whole = load_results(store, "imagenette160").frame
    facts = store.manifest(KEY).facts
    table = from_parquet(store.read(KEY, "jpeg.parquet")).drop_columns(["ms_ssim_4"])
    older = {name: digest for name, digest in facts["metric_fingerprints"].items()}
    del older["ms_ssim_4"]
    facts = {**facts, "metric_fingerprints": older}
    store.commit(KEY, {"jpeg.parquet": to_parquet(table)}, facts=facts)
    assert evaluate.main(["jpeg", "--jobs", "2"]) == 0
    assert "ms_ssim_4 will be measured and added" in capsys.readouterr().err
    pd.testing.assert_frame_equal(load_results(store, "imagenette160").frame, whole)
    extended = store.manifest(KEY).facts
    assert extended["metric_fingerprints"].keys() == metrics().keys()
    assert extended["extended"]["metrics"] == ["ms_ssim_4"]
    assert evaluate.plans(evaluate.Config(codecs=("jpeg",)), say=lambda line: None) == []


def test_results_of_another_model_are_named_with_the_command_that_measures_again(store):
    store.commit("models/jpeg", {"jpeg.onnx": b"the present network"}, facts={})
    assert load_results(store, "imagenette160").problems == ()
    store.restate(KEY, {**store.manifest(KEY).facts, "model": "digest of another one"})
    found = load_results(store, "imagenette160")
    assert len(found.frame) == 12 * IMAGES
    [problem] = found.problems
    assert problem.command == "python -m pipelines.evaluate jpeg"
    assert "jpeg.parquet is of another model than the one that is stored now" in str(problem)
    store.delete("models/jpeg")
    assert load_results(store, "imagenette160").problems == ()
