import io
import tarfile
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from core.dataset.preparation import training_photographs
from core.dataset.preparation.errors import PreparationError
from core.dataset.preparation.training_photographs import (
    Photograph,
    choose_held_out,
    is_prepared,
    prepare_photographs,
    write_held_out,
)
from core.dataset.training_photographs import KEY, open_photographs
from core.errors import Refusal
from core.store import ArtifactStore, MissingArtifact

SIZES = {"a.png": (20, 30), "b.png": (50, 40), "c.png": (60, 70)}


def _pixels(name: str) -> np.ndarray:
    height, width = SIZES[name]
    random = np.random.default_rng(height)
    return random.integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "photographs.tar"
    origins = "file,repository,original,licence\nb.png,someone/photos,b0.png,CC0\n"
    files = {"origins.csv": origins.encode(), "LICENCE.txt": b"text"}
    for name in SIZES:
        file = io.BytesIO()
        PIL.Image.fromarray(_pixels(name)).save(file, "PNG")
        files[f"inner/{name}"] = file.getvalue()
    with tarfile.open(path, "w") as opened:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            opened.addfile(member, io.BytesIO(data))
    return path


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "artifacts")


def test_photographs_of_any_size_are_kept_as_they_are_and_say_where_they_are_from(
    store: ArtifactStore, archive: Path
) -> None:
    counted: list[int] = []
    prepare_photographs(store, archive, advance=counted.append)

    found = open_photographs(store)
    assert sum(counted) == len(found.table) == 3
    for index, name in enumerate(SIZES):
        np.testing.assert_array_equal(found.pixels(found.table[index]), _pixels(name))
    entries = {entry["file"]: entry for entry in found.facts["photographs"]}
    assert entries["b.png"]["repository"] == "someone/photos"
    assert entries["b.png"]["size"] == [40, 50]
    assert len(entries["a.png"]["sha256"]) == 64
    assert "repository" not in entries["a.png"]
    assert is_prepared(store, archive)
    # An earlier version held out others.
    files = {name: store.read(KEY, name) for name in store.manifest(KEY).files}
    store.commit(KEY, files, facts={**found.facts, "held_out": ["a.png"]})
    assert not is_prepared(store, archive)


def test_they_are_no_data_set(store: ArtifactStore, archive: Path) -> None:
    prepare_photographs(store, archive, advance=lambda count: None)

    assert store.keys("datasets/") == []
    assert store.keys("cache/") == [KEY]


def test_large_photographs_chosen_by_content_are_in_no_training(
    store: ArtifactStore, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_photographs, "HELD_OUT_PIXELS", 2000)
    monkeypatch.setattr(training_photographs, "HELD_OUT", 1)
    prepare_photographs(store, archive, advance=lambda count: None)

    found = open_photographs(store)
    (held_out,) = found.facts["held_out"]
    assert held_out in ("b.png", "c.png")
    assert len(found.table) == found.facts["count"] == 2
    shown = [found.pixels(found.table[index]) for index in range(2)]
    assert all(image.any() for image in shown)
    # Its pixels are not in the file either.
    assert (np.asarray(found.values) == 0).sum() >= np.prod(SIZES[held_out]) * 3


def test_what_is_held_out_does_not_depend_on_the_order() -> None:
    images = [Photograph(f"{i}.png", f"{i:064d}", 0, 700, 700) for i in range(60)]

    assert choose_held_out(images) == choose_held_out(images[::-1])
    assert len(choose_held_out(images)) == 24


def test_of_few_large_photographs_half_are_left_to_train_on() -> None:
    images = [Photograph(f"{i}.png", f"{i:064d}", 0, 700, 700) for i in range(7)]

    assert len(choose_held_out(images)) == 3
    assert choose_held_out(images[:1]) == set()


def test_what_is_held_out_is_written_as_it_is_to_an_empty_folder(
    store: ArtifactStore, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_photographs, "HELD_OUT_PIXELS", 2000)
    prepare_photographs(store, archive, advance=lambda count: None)
    folder = tmp_path / "large" / "ones"

    for _ in range(2):
        (name,) = write_held_out(store, archive, folder)
        assert [path.name for path in folder.iterdir()] == [name]
    np.testing.assert_array_equal(np.asarray(PIL.Image.open(folder / name)), _pixels(name))
    with pytest.raises(PreparationError, match="whose photographs would be there twice"):
        write_held_out(store, tmp_path, folder)
    (folder / "mine.txt").write_text("a note", encoding="utf-8")
    with pytest.raises(PreparationError, match=r"ones is not empty: mine\.txt is there"):
        write_held_out(store, archive, folder)


def test_small_photographs_are_left_out_where_a_side_is_too_short(
    store: ArtifactStore, archive: Path
) -> None:
    prepare_photographs(store, archive, advance=lambda count: None)
    found = open_photographs(store)

    assert found.large(40)[:, 1:].tolist() == [[50, 40], [60, 70]]
    with pytest.raises(Refusal, match="No photograph has sides of at least 100 pixels"):
        found.large(100)


def test_an_image_that_does_not_decode_is_named(store: ArtifactStore, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "broken.png").write_bytes(b"no image")

    with pytest.raises(PreparationError, match=r"The image broken\.png does not decode"):
        prepare_photographs(store, folder, advance=lambda count: None)
    with pytest.raises(MissingArtifact, match=r"python -m pipelines\.prepare --extra ARCHIVE"):
        open_photographs(store)


@pytest.mark.parametrize("name", ["nothing.tar", "empty"])
def test_a_source_without_images_is_refused(
    name: str, store: ArtifactStore, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(PreparationError, match=r"There (is no folder|are no images)"):
        prepare_photographs(store, tmp_path / name, advance=lambda count: None)
