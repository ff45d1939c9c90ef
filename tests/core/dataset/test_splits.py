"""Reading the data set, and the sample images."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.dataset.splits import KEY, SPLITS, index, open_split, sample_images, subset_ids
from core.store import ArtifactStore, DamagedArtifact, MissingArtifact

COUNTS = {"train": 5, "validation": 3, "test": 6}


def _index() -> bytes:
    rows = [(split, row) for split, count in COUNTS.items() for row in range(count)]
    frame = pd.DataFrame(
        {
            "id": [f"n1/{split}_{row}" for split, row in rows],
            "class_name": ["church" if row % 2 else "tench" for _, row in rows],
            "split": [split for split, _ in rows],
            "sha256": [f"{number:064x}" for number in range(len(rows))],
        }
    )
    buffer = BytesIO()
    frame.to_parquet(buffer)
    return buffer.getvalue()


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    store = ArtifactStore(tmp_path)
    files = {"imagenette160/index.parquet": _index()}
    for number, (split, count) in enumerate(COUNTS.items()):
        buffer = BytesIO()
        np.save(buffer, np.full((count, 160, 160, 3), number, dtype=np.uint8))
        files[f"imagenette160/{split}.npy"] = buffer.getvalue()
    store.commit(KEY, files, facts={})
    return store


@pytest.mark.parametrize("split", SPLITS)
def test_a_split_opens_with_its_images_ids_and_classes(store, split: str) -> None:
    opened = open_split(store, split)
    assert opened.images.shape == (COUNTS[split], 160, 160, 3)
    assert opened.images.dtype == np.uint8
    assert (opened.images == SPLITS.index(split)).all()
    assert opened.ids == [f"n1/{split}_{row}" for row in range(COUNTS[split])]
    assert opened.classes[:2] == ["tench", "church"]


def test_the_pixels_are_mapped_and_cannot_be_changed(store) -> None:
    images = open_split(store, "test").images
    assert isinstance(images, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        images[0, 0, 0, 0] = 1


def test_an_unknown_split_is_refused_with_those_that_exist(store) -> None:
    with pytest.raises(ValueError, match="train, validation, test; received 'val'"):
        open_split(store, "val")


def test_a_clone_without_pixels_has_the_index_and_says_how_to_make_the_rest(store) -> None:
    (store.root / "datasets/imagenette160/test.npy").unlink()
    with pytest.raises(MissingArtifact, match=r"test\.npy .*python -m pipelines\.prepare"):
        open_split(store, "test")
    assert len(index(store)) == sum(COUNTS.values())
    assert len(open_split(store, "train").ids) == COUNTS["train"]


def test_a_cut_array_is_reported_as_damaged(store) -> None:
    path = store.root / "datasets/imagenette160/test.npy"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DamagedArtifact, match=r"test\.npy"):
        open_split(store, "test")


def test_the_subset_is_fixed_taken_from_test_and_sorted(store) -> None:
    chosen = subset_ids(store, count=4)
    assert len(chosen) == 4
    assert chosen == subset_ids(store, count=4) == sorted(chosen)
    assert set(chosen) <= set(open_split(store, "test").ids)
    assert set(subset_ids(store, count=3)) < set(chosen)


def test_a_small_test_split_is_its_own_subset(store) -> None:
    assert subset_ids(store) == open_split(store, "test").ids


def test_sample_images_are_colour_photographs_at_their_own_size() -> None:
    samples = sample_images()
    assert len(samples) >= 5
    assert samples["Chelsea (cat)"].shape == (300, 451, 3)
    for pixels in samples.values():
        assert pixels.dtype == np.uint8
        assert pixels.ndim == 3
        assert (pixels[:, :, 0] != pixels[:, :, 2]).any()


def test_a_title_that_does_not_exist_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        sample_images()["Lena"]
