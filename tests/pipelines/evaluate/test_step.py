import io
import os
import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
from PIL import Image

from core.dataset.image_source import FolderSource
from core.evaluation.results import load_results
from core.metrics import metrics, smallest_side
from core.store import ArtifactStore
from pipelines.evaluate import step as evaluate

ROOT = Path(__file__).parents[3]
TIMES = ["encode_seconds", "decode_seconds", "metric_seconds"]


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(tmp_path / "artifacts"))
    return ArtifactStore.default()


@pytest.fixture
def prepared(store):
    """Store with a data set of six random test images."""
    images = np.random.default_rng(1).integers(0, 256, (6, 90, 90, 3), np.uint8)
    index = pd.DataFrame(
        {
            "id": [f"n01/{number}" for number in range(6)],
            "class_id": "n01",
            "class_name": "noise",
            "split": "test",
            "sha256": [f"{number:064x}" for number in range(6)],
        }
    )
    arrays, table = io.BytesIO(), io.BytesIO()
    np.save(arrays, images)
    index.to_parquet(table)
    files = {"imagenette160/test.npy": arrays, "imagenette160/index.parquet": table}
    contents = {name: file.getvalue() for name, file in files.items()}
    store.commit("datasets/imagenette160", contents, facts={})
    return store


@pytest.fixture
def folder(tmp_path):
    """Folder with images of three sizes in two formats, one of them broken, and a text."""
    path = tmp_path / "images"
    (path / "inner").mkdir(parents=True)
    random = np.random.default_rng(2)
    for name, size in {"a.png": (5, 6), "inner/b.JPG": (97, 131), "c.png": (160, 160)}.items():
        image = Image.fromarray(random.integers(0, 256, (*size, 3), np.uint8))
        image.save(path / name)
    (path / "broken.png").write_bytes((path / "c.png").read_bytes()[:500])
    (path / "notes.txt").write_text("not an image")
    (path / ".hidden.png").write_bytes(b"not an image either")
    return path


def run(*arguments):
    return evaluate.main([*arguments, "--jobs", "2"])


def measured(store, dataset="imagenette160"):
    results = load_results(store, dataset)
    assert results.problems == ()
    return results


def manifests_below(store, prefix):
    return {key: store.manifest(key).created for key in store.keys(prefix)}


@pytest.mark.slow
def test_the_test_split_is_measured_at_every_setting(prepared):
    assert run("jpeg", "png") == 0
    frame = measured(prepared).frame
    assert frame["error"].isna().all()
    assert frame.groupby("codec").size().to_dict() == {"jpeg": 6 * 12, "png": 6}
    assert set(frame["image"]) == {f"n01/{number}" for number in range(6)}
    png = frame[frame["codec"] == "png"]
    assert png["lossless"].all()
    assert png["psnr_db"].isna().all()
    assert (png["ssim"] == 1.0).all()
    jpeg = frame[frame["codec"] == "jpeg"]
    assert (jpeg["dial"].astype(int).map("quality={}".format) == jpeg["setting"].astype(str)).all()
    defined = [name for name in metrics() if smallest_side(name) <= 90]
    assert not jpeg[[*defined, "bytes", "bits_per_pixel", *TIMES]].isna().any(axis=None)
    assert jpeg["ms_ssim"].isna().all()  # five scales need more pixels


@pytest.mark.slow
def test_finished_blocks_are_removed_once_the_codec_is_committed(prepared):
    assert run("png") == 0
    assert prepared.keys("cache/") == []


@pytest.mark.slow
def test_the_manifest_says_what_was_measured_on_what(prepared):
    assert run("png") == 0
    facts = prepared.manifest("results/imagenette160/png").facts
    array = prepared.manifest("datasets/imagenette160").files["imagenette160/test.npy"]
    expected = {"name": "imagenette160", "sha256": array.sha256, "images": 6}
    assert facts["dataset"] == expected
    assert facts["settings"] == ["lossless"]
    assert facts["metrics"] == {name: metric.DEFINITION for name, metric in metrics().items()}
    assert (facts["rows"], facts["errors"], facts["subset"]["images"]) == (6, 0, 6)
    seconds = facts["seconds"]
    assert 0.0 < seconds["codec"] < seconds["machine"]
    assert 0.0 < seconds["metric"] < seconds["machine"]


@pytest.mark.slow
def test_a_second_run_does_nothing_and_again_measures_again(prepared, capsys):
    assert run("png") == 0
    first = manifests_below(prepared, "results/")
    assert run("png") == 0
    assert "png: up to date." in capsys.readouterr().err
    assert manifests_below(prepared, "results/") == first
    assert run("png", "--again") == 0
    assert manifests_below(prepared, "results/") != first


@pytest.mark.slow
def test_other_images_are_measured_anew(prepared):
    assert run("png") == 0
    first = manifests_below(prepared, "results/")
    array = np.load(prepared.path("datasets/imagenette160", "imagenette160/test.npy"))
    index = prepared.read("datasets/imagenette160", "imagenette160/index.parquet")
    changed = io.BytesIO()
    np.save(changed, 255 - array)
    files = {
        "imagenette160/test.npy": changed.getvalue(),
        "imagenette160/index.parquet": index,
    }
    prepared.commit("datasets/imagenette160", files, facts={})
    assert run("png") == 0
    assert manifests_below(prepared, "results/") != first


@pytest.mark.slow
def test_a_damaged_result_is_measured_anew(prepared):
    assert run("png") == 0
    path = prepared.path("results/imagenette160/png", "png.parquet")
    path.write_bytes(path.read_bytes()[:-1])
    assert len(load_results(prepared, "imagenette160").problems) == 1
    assert run("png") == 0
    assert len(measured(prepared).frame) == 6


@pytest.mark.slow
def test_a_folder_of_any_images_is_measured_and_broken_ones_give_rows(store, folder):
    assert run("png", "webp_lossless", "--images", str(folder), "--dataset", "mine") == 0
    frame = measured(store, "mine").frame
    png = frame[frame["codec"] == "png"].set_index("image")
    assert sorted(png.index) == ["a.png", "broken.png", "c.png", "inner/b.JPG"]
    sizes = png[["height", "width"]].drop("broken.png").astype(int)
    assert sizes.loc["inner/b.JPG"].tolist() == [97, 131]
    assert png.loc["broken.png", "error"].startswith("ImageError: ")
    assert np.isnan(png.loc["broken.png", "bytes"])
    assert png["error"].notna().sum() == 1
    assert np.isnan(png.loc["a.png", "ssim"])  # not defined below seven pixels
    assert png.loc["c.png", "ms_ssim_4"] == 1.0


@pytest.mark.slow
def test_slow_metrics_are_measured_on_the_subset_only(store, folder, monkeypatch):
    monkeypatch.setattr("core.dataset.splits.SUBSET_COUNT", 2)
    chosen = FolderSource(folder).catalogue().subset
    assert len(chosen) == 2
    assert run("png", "--images", str(folder), "--dataset", "mine") == 0
    frame = measured(store, "mine").frame.set_index("image")
    slow = frame.index[frame["ssimulacra2"].notna()]
    assert set(slow) == set(chosen) - {"a.png", "broken.png"}
    assert frame["ssim"].notna().sum() == 2


@pytest.mark.slow
def test_results_are_the_same_with_one_process_and_in_threads(prepared):
    assert run("jpeg") == 0
    expected = measured(prepared).frame.drop(columns=TIMES)
    assert evaluate.main(["jpeg", "--again", "--jobs", "1"]) == 0
    pd.testing.assert_frame_equal(measured(prepared).frame.drop(columns=TIMES), expected)


def test_any_executor_can_measure_the_blocks(prepared):
    [plan] = evaluate.plans(evaluate.Config(codecs=("png",)), say=print)
    with ThreadPoolExecutor(2) as executor:
        tables = dict(evaluate.run_blocks(executor, plan.blocks))
    assert tables.keys() == plan.blocks.keys()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["jpegg"], ", avif, avif_444, "),
        (["png", "--images", "."], "given together"),
        (["png", "--dataset", "mine"], "no data set mine; none is prepared"),
        (["png", "--dataset", "mine"], "python -m pipelines.prepare --source DIR --name mine"),
        (["png", "--dataset", "../up"], "received '../up'"),
        (["png", "--images", ".", "--dataset", "../up"], "received '../up'"),
        (["png", "--images", ".", "--dataset", "imagenette160"], "choose another one"),
        (["png", "--images", "nowhere", "--dataset", "mine"], "is not a folder"),
        (["png"], "python -m pipelines.prepare"),
    ],
)
def test_bad_input_gets_one_line_and_exit_status_2(store, arguments, message, capsys):
    assert run(*arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert store.keys("results/") == []


def test_a_folder_without_images_is_named(store, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert run("png", "--images", str(tmp_path / "empty"), "--dataset", "mine") == 2
    assert "Expected a folder with images" in capsys.readouterr().err


@pytest.mark.slow
def test_an_evaluation_that_only_fails_stores_nothing_and_says_so(prepared, monkeypatch, capsys):
    assert run("png") == 0
    before = manifests_below(prepared, "results/")

    def refuse(point, image):
        raise OSError("the encoder is missing")

    monkeypatch.setattr("core.codecs.pillow.PillowCodec.encode", refuse)
    monkeypatch.setattr("pipelines.evaluate.step.worker_pool", ThreadPoolExecutor)
    assert run("png", "tiff_lzw", "--again") == 2
    error = capsys.readouterr().err
    assert "png: all 6 rows are errors, so nothing was stored" in error
    assert "tiff_lzw: all 6 rows are errors" in error
    assert "the encoder is missing" in error
    assert manifests_below(prepared, "results/") == before
    assert prepared.keys("cache/") == []


def in_a_process(store, *arguments, **options):
    environment = os.environ | {"BOTTLENECK_ARTIFACTS": str(store.root)}
    command = [sys.executable, "-m", "pipelines.evaluate", *arguments]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True, **options
    )


def wait_until(condition, seconds=30.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_stopped(prepared, tmp_path):
    assert run("avif") == 0
    expected = measured(prepared).frame.drop(columns=TIMES)
    prepared.delete("results/imagenette160/avif")
    process = in_a_process(prepared, "avif", "--jobs", "1")
    wait_until(lambda: len(prepared.keys("cache/")) >= 2)
    workers = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    gone, alive = psutil.wait_procs(workers, timeout=10)
    assert (len(gone) >= 1, alive) == (True, [])
    kept = manifests_below(prepared, "cache/")
    assert 2 <= len(kept) < 6
    [plan] = evaluate.plans(evaluate.Config(codecs=("avif",)), say=print)
    assert plan.pending().keys() == plan.blocks.keys() - {
        name.rpartition("/")[2].partition(".")[0] for name in kept
    }
    assert run("avif") == 0
    pd.testing.assert_frame_equal(measured(prepared).frame.drop(columns=TIMES), expected)


@pytest.mark.slow
def test_a_full_disk_gets_one_line_and_keeps_the_old_results(prepared):
    assert run("png") == 0
    before = measured(prepared).frame

    def fill_up():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

    process = in_a_process(prepared, "png", "--again", preexec_fn=fill_up)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "takes no more data" in error
    assert "Traceback" not in error
    pd.testing.assert_frame_equal(measured(prepared).frame, before)
