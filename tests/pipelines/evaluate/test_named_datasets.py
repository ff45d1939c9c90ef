"""Evaluation of data sets that a person prepared under names of their own."""

import numpy as np
import PIL.Image
import pytest

from core.dataset.image_source import SplitSource
from core.dataset.splits import open_split
from core.evaluation.results import load_results
from core.store import ArtifactStore
from pipelines import prepare
from pipelines.evaluate import step as evaluate


def write_source(folder, *, seed, tests=4):
    """Folder with two images to train with and some others, as `prepare` takes it."""
    random = np.random.default_rng(seed)
    for part, count in {"train": 2, "val": tests}.items():
        for number in range(count):
            place = folder / part / ("n01440764", "n02102040")[number % 2]
            place.mkdir(parents=True, exist_ok=True)
            pixels = random.integers(0, 256, (160, 160, 3), np.uint8)
            PIL.Image.fromarray(pixels).save(place / f"{part}_{number}.png")
    return folder


def prepare_dataset(folder, *flags):
    assert prepare.main(["--source", str(folder), "--processes", "1", *flags]) == 0


def run(*arguments):
    return evaluate.main([*arguments, "--jobs", "1"])


@pytest.fixture
def store(tmp_path, monkeypatch):
    """Store with the shipped data set and another one called `mine`."""
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(tmp_path / "artifacts"))
    prepare_dataset(write_source(tmp_path / "shipped", seed=1, tests=6))
    prepare_dataset(write_source(tmp_path / "mine", seed=2), "--name", "mine")
    return ArtifactStore.default()


@pytest.mark.slow
def test_a_prepared_data_set_is_measured_by_its_name_beside_the_shipped_results(store):
    assert run("png") == 0
    shipped = store.manifest("results/imagenette160/png")
    assert run("png", "--dataset", "mine") == 0
    results = load_results(store, "mine")
    tests = open_split(store, "test", dataset="mine").ids
    assert results.problems == ()
    assert sorted(results.frame["image"]) == tests
    assert results.frame["lossless"].all()
    array = store.manifest("datasets/mine").files["mine/test.npy"]
    expected = {"name": "mine", "sha256": array.sha256, "images": len(tests)}
    assert results.manifests["png"].facts["dataset"] == expected
    assert store.manifest("results/imagenette160/png") == shipped
    assert store.keys("results/") == ["results/imagenette160/png", "results/mine/png"]


@pytest.mark.slow
def test_results_of_a_named_data_set_are_up_to_date_and_verified_under_its_name(store, capsys):
    assert run("jpeg", "--dataset", "mine") == 0
    assert run("jpeg", "--dataset", "mine") == 0
    assert "jpeg: up to date." in capsys.readouterr().err
    assert run("jpeg", "--dataset", "mine", "--verify", "24") == 0
    assert f"{len(open_split(store, 'test', dataset='mine').ids)} images" in (
        capsys.readouterr().err
    )
    assert run("jpeg", "--verify", "24") == 2
    assert "jpeg: no results." in capsys.readouterr().err


@pytest.mark.slow
def test_the_shipped_data_set_can_be_named_too(store, capsys):
    assert run("png") == 0
    assert run("png", "--dataset", "imagenette160") == 0
    assert "png: up to date." in capsys.readouterr().err


def test_an_unknown_data_set_is_refused_with_those_there_are_and_the_command(store, capsys):
    capsys.readouterr()
    assert run("png", "--dataset", "kodak") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "There is no data set kodak; those prepared are imagenette160, mine." in line
    assert "python -m pipelines.prepare --source DIR --name kodak" in line
    assert "--images DIR" in line
    assert store.keys("results/") == []


def test_a_folder_is_not_measured_under_the_name_of_a_prepared_data_set(store, tmp_path, capsys):
    capsys.readouterr()
    assert run("png", "--images", str(tmp_path / "mine"), "--dataset", "mine") == 2
    assert "mine names a prepared data set" in capsys.readouterr().err
    assert store.keys("results/mine/") == []


def test_damaged_results_of_a_prepared_data_set_name_the_command_that_measures_it(store):
    assert run("png", "--dataset", "mine") == 0
    path = store.path("results/mine/png", "png.parquet")
    path.write_bytes(path.read_bytes()[:-1])
    (problem,) = load_results(store, "mine").problems
    assert problem.command == "python -m pipelines.evaluate png --dataset mine"


def test_a_source_of_a_replaced_data_set_reads_the_new_images(store, tmp_path):
    first = write_source(tmp_path / "first", seed=2, tests=12)
    prepare_dataset(first, "--name", "long")
    source = SplitSource(store.root, "long")
    before = {name: source.read(name) for name in source.catalogue().ids}
    digest = source.catalogue().sha256
    other = write_source(tmp_path / "other", seed=3, tests=12)
    prepare_dataset(other, "--name", "long", "--replace")
    assert source.catalogue().sha256 != digest
    expected = open_split(store, "test", dataset="long")
    common = before.keys() & set(expected.ids)
    assert common
    for name in common:
        assert np.array_equal(source.read(name), expected.images[expected.ids.index(name)])
        assert not np.array_equal(source.read(name), before[name])


def test_results_of_a_replaced_data_set_are_left_out_once_a_codec_was_measured_again(
    store, tmp_path, capsys
):
    assert run("png", "tiff_lzw", "tiff_deflate", "--dataset", "mine") == 0
    other = write_source(tmp_path / "other", seed=3, tests=6)
    capsys.readouterr()
    prepare_dataset(other, "--name", "mine", "--replace")
    command = "python -m pipelines.evaluate png tiff_deflate tiff_lzw --dataset mine"
    assert command in capsys.readouterr().out
    assert run("png", "--dataset", "mine") == 0
    results = load_results(store, "mine")
    assert set(results.frame["codec"]) == {"png"}
    assert [problem.command for problem in results.problems] == [
        f"python -m pipelines.evaluate {codec} --dataset mine"
        for codec in ("tiff_deflate", "tiff_lzw")
    ]
    assert run("tiff_lzw", "tiff_deflate", "--dataset", "mine") == 0
    assert load_results(store, "mine").problems == ()


def test_results_of_one_folder_take_the_place_of_another_ones_on_request_alone(
    store, tmp_path, capsys
):
    folders = tmp_path / "mine/val/n01440764", tmp_path / "shipped/val/n02102040"
    first, other = (("--images", str(folder), "--dataset", "own") for folder in folders)
    assert run("png", "tiff_lzw", *first) == 0
    before = load_results(store, "own").frame
    capsys.readouterr()
    assert run("png", *other) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "own holds results of other images (png, tiff_lzw)" in line
    assert "--replace" in line
    assert load_results(store, "own").frame.equals(before)
    assert run("png", *other, "--replace") == 0
    results = load_results(store, "own")
    assert set(results.frame["codec"]) == {"png"}
    assert [problem.key for problem in results.problems] == ["results/own/tiff_lzw"]


def test_a_folder_with_one_image_more_is_measured_again_without_a_request(store, tmp_path):
    folder = tmp_path / "mine/val/n01440764"
    flags = ("--images", str(folder), "--dataset", "own")
    assert run("png", "tiff_lzw", "tiff_deflate", *flags) == 0
    added = next((tmp_path / "shipped/val/n02102040").iterdir())
    (folder / "added.png").write_bytes(added.read_bytes())
    assert run("png", *flags) == 0
    assert set(load_results(store, "own").frame["codec"]) == {"png"}
