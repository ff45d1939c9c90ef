"""What the step stores of the test split."""

from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

from core.evaluation.results import stored_rows
from core.metrics import metrics, smallest_side
from pipelines.evaluate import step as evaluate
from tests.pipelines.evaluate.step_runs import TIMES, measured, run


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
def test_results_are_the_same_with_two_processes_with_one_and_in_threads(
    prepared, in_processes, monkeypatch
):
    assert run("jpeg") == 0
    expected = measured(prepared).frame.drop(columns=TIMES)
    assert evaluate.main(["jpeg", "--again", "--jobs", "1"]) == 0
    pd.testing.assert_frame_equal(measured(prepared).frame.drop(columns=TIMES), expected)
    monkeypatch.setattr(evaluate, "worker_pool", ThreadPoolExecutor)
    assert run("jpeg", "--again") == 0
    pd.testing.assert_frame_equal(measured(prepared).frame.drop(columns=TIMES), expected)


def test_any_executor_can_measure_the_blocks(prepared):
    [plan] = evaluate.plans(evaluate.Config(codecs=("png",)), say=print)
    with ThreadPoolExecutor(2) as executor:
        tables = dict(evaluate.run_blocks(executor, plan.blocks))
    assert tables.keys() == plan.blocks.keys()


@pytest.mark.slow
def test_results_of_too_many_rows_are_not_read_for_bd_rates(prepared, monkeypatch, capsys):
    assert run("jpeg", "webp") == 0
    stored = prepared.keys("bd_rates/")
    assert len(stored) == 1
    prepared.delete(stored[0])
    rows = stored_rows(prepared, "imagenette160")
    assert rows == len(measured(prepared).frame)

    monkeypatch.setattr(evaluate, "MOST_READ_ROWS", rows - 1)
    capsys.readouterr()
    assert run("jpeg", "webp") == 0
    assert prepared.keys("bd_rates/") == []
    assert f"not computed of {rows:,} rows" in capsys.readouterr().err
    monkeypatch.setattr(evaluate, "MOST_READ_ROWS", rows)
    assert run("jpeg", "webp") == 0
    assert prepared.keys("bd_rates/") == stored
