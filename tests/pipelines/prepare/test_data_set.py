"""The step that makes the data set, from the command line to the store."""

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import PIL.Image

from core.dataset.splits import KEY, SPLITS, index, open_split
from tests.pipelines.prepare.prepare_runs import run_prepare

ROOT = Path(__file__).parents[3]


def test_a_folder_becomes_a_data_set_that_opens(store, folder: Path) -> None:
    assert run_prepare("--source", folder) == 0
    sizes = {split: len(open_split(store, split).ids) for split in SPLITS}
    assert sizes == {"train": 6, "validation": 2, "test": 2}
    rows = index(store)
    assert rows["split"].tolist() == ["train"] * 6 + ["validation"] * 2 + ["test"] * 2
    assert rows.loc[rows["grey"], "id"].tolist() == ["n01440764/train_0"]
    assert set(rows["class_name"]) == {"tench", "English springer"}
    assert set(rows["source_width"]) == {60}
    assert set(rows["source_height"]) == {40}


def test_the_stored_pixels_and_hashes_are_those_of_the_source(store, folder: Path) -> None:
    run_prepare("--source", folder)
    rows = index(store).set_index("id")
    for split in SPLITS:
        opened = open_split(store, split)
        for image, pixels in zip(opened.ids, opened.images, strict=True):
            (path,) = folder.glob(f"*/{image}.JPEG")
            with PIL.Image.open(path) as source:
                expected = source.convert("RGB").resize((160, 160), PIL.Image.Resampling.LANCZOS)
            assert np.array_equal(pixels, expected)
            assert rows.loc[image, "sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_manifest_says_what_was_done_and_nothing_of_this_machine(
    store, folder: Path, archive: Path
) -> None:
    run_prepare("--source", archive)
    facts = store.manifest(KEY).facts
    assert facts["source"] == "archive images.tgz"
    assert facts["archive_sha256"] == hashlib.sha256(archive.read_bytes()).hexdigest()
    assert facts["is_published_archive"] is False
    assert facts["counts"] == {"train": 6, "validation": 2, "test": 2}
    assert facts["class_counts"]["train"] == {"English springer": 3, "tench": 3}
    assert facts["grey_counts"] == {"train": 1, "validation": 0, "test": 0}
    assert "LANCZOS" in facts["resize"]
    assert str(folder.parent) not in str(facts)


def test_folder_and_archive_give_the_same_data_set(store, folder: Path, archive: Path) -> None:
    run_prepare("--source", folder)
    first = store.manifest(KEY)
    store.delete(KEY)
    run_prepare("--source", archive)
    second = store.manifest(KEY)
    assert first.facts["sha256"] == second.facts["sha256"]
    assert first.files == second.files


def test_near_duplicates_between_the_splits_are_named(store, folder: Path) -> None:
    copied = folder / "val/n01440764/val_0.JPEG"
    (folder / "train/n01440764/copy.JPEG").write_bytes(copied.read_bytes())
    run_prepare("--source", folder)
    found = store.manifest(KEY).facts["near_duplicates"]
    assert found["count"] == 1
    assert found["pairs"] == [
        {"first": "n01440764/copy", "second": "n01440764/val_0", "distance": 0}
    ]


def test_a_download_with_an_accepted_hash_is_made_once(store, address, archive, capsys) -> None:
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    assert run_prepare("--url", address, "--allow-hash", digest) == 0
    facts = store.manifest(KEY).facts
    assert (facts["source"], facts["archive_sha256"]) == (address, digest)
    archive.unlink()
    assert run_prepare("--url", address, "--allow-hash", digest) == 0
    assert "Nothing to do" in capsys.readouterr().out


def test_decoding_processes_never_load_pandas() -> None:
    code = (
        "import sys, pipelines.prepare, core.dataset.preparation.decoding; "
        "print('pandas' in sys.modules)"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert output.stdout.strip() == "False"
