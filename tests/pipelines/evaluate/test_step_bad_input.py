"""What the step refuses or cannot measure is said in one line, and stores nothing."""

import numpy as np
import pytest

from core.dataset.image_source import FolderSource
from tests.pipelines.evaluate.step_runs import manifests_below, measured, run


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
        (["png", "--replace"], "--replace measures another folder under its name; give --images"),
        (["png", "--verify", "9", "--again"], "--verify changes no results; it does not go with"),
        (
            ["png", "--verify", "9", "--images", ".", "--dataset", "mine", "--replace"],
            "--verify changes no results; it does not go with",
        ),
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
    assert run("png", "tiff_lzw", "--again") == 2
    error = capsys.readouterr().err
    assert "png: all 6 rows are errors, so nothing was stored" in error
    assert "tiff_lzw: all 6 rows are errors" in error
    assert "the encoder is missing" in error
    assert manifests_below(prepared, "results/") == before
    assert prepared.keys("cache/") == []
