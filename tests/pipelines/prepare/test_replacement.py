"""When a data set that exists is kept, completed, replaced or put beside another one."""

import hashlib
from pathlib import Path

import pytest

from core.dataset.splits import KEY, SPLITS, index, open_split, subset_ids
from tests.pipelines.prepare.prepare_runs import run_prepare


def test_a_second_run_does_nothing_and_says_so(store, folder: Path, capsys) -> None:
    run_prepare("--source", folder)
    manifest = store.manifest(KEY)
    capsys.readouterr()
    assert run_prepare("--source", folder) == 0
    assert "Nothing to do" in capsys.readouterr().out
    assert store.manifest(KEY) == manifest


def test_a_clone_without_pixels_gets_them_back(store, folder: Path) -> None:
    run_prepare("--source", folder)
    files = store.manifest(KEY).files
    for split in SPLITS:
        store.path(KEY, f"imagenette160/{split}.npy").unlink()
    assert run_prepare("--source", folder) == 0
    assert store.manifest(KEY).files == files
    assert len(open_split(store, "train").images) == 6


@pytest.mark.parametrize("has_pixels", [True, False])
def test_a_data_set_made_of_other_images_is_replaced_on_request_alone(
    store, folder: Path, capsys, has_pixels: bool
) -> None:
    run_prepare("--source", folder)
    if not has_pixels:  # as in a clone
        store.path(KEY, "imagenette160/train.npy").unlink()
    before = store.manifest(KEY)
    (folder / "train/n01440764/train_0.JPEG").unlink()
    assert run_prepare("--source", folder) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "was made of other images" in line
    assert "--name NAME`, or replace it with --replace" in line
    assert store.manifest(KEY) == before


def test_the_published_archive_gives_a_clone_its_pixels_and_replaces_no_whole_data_set(
    store, folder: Path, archive: Path, address, capsys
) -> None:
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    (folder / "train/n01440764/train_0.JPEG").unlink()
    run_prepare("--source", folder)
    assert run_prepare("--url", address, "--allow-hash", digest) == 2
    assert "was made of other images" in capsys.readouterr().err
    store.path(KEY, "imagenette160/train.npy").unlink()
    assert run_prepare("--url", address, "--allow-hash", digest) == 0
    assert store.manifest(KEY).facts["counts"]["train"] == 6


def test_a_data_set_of_a_persons_own_lies_beside_the_shipped_one(store, folder: Path) -> None:
    run_prepare("--source", folder)
    before = store.manifest(KEY)
    (folder / "train/n01440764/train_0.JPEG").unlink()
    assert run_prepare("--source", folder, "--name", "mine") == 0
    assert store.manifest(KEY) == before
    assert len(open_split(store, "train", dataset="mine").images) == 5
    assert len(index(store, dataset="mine")) == 9
    assert len(subset_ids(store, dataset="mine")) == 2
    assert run_prepare("--source", folder, "--name", "mine") == 0
    assert set(store.manifest("datasets/mine").files) == {
        f"mine/{file}" for file in ("index.parquet", *(f"{split}.npy" for split in SPLITS))
    }


def test_a_changed_source_replaces_the_data_set(store, folder: Path) -> None:
    run_prepare("--source", folder)
    (folder / "train/n01440764/train_0.JPEG").unlink()
    assert run_prepare("--source", folder, "--replace") == 0
    assert store.manifest(KEY).facts["counts"]["train"] == 5
