import io
import pickle

import numpy as np
import pytest
from PIL import Image

from core.dataset import splits as dataset
from core.dataset.image_source import FolderSource
from core.intake.errors import ImageError
from core.intake.notes import ALPHA_NOTE


def png(level, size=(4, 6)):
    file = io.BytesIO()
    Image.fromarray(np.full((*size, 3), level, np.uint8)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "inner").mkdir()
    for name, level in {"b.png": 1, "a.PNG": 2, "inner/c.png": 3}.items():
        (tmp_path / name).write_bytes(png(level))
    return tmp_path


def test_images_are_found_below_the_folder_in_alphabetical_order(folder):
    assert FolderSource(folder).catalogue().ids == ("a.PNG", "b.png", "inner/c.png")


@pytest.mark.parametrize("name", ["notes.txt", ".hidden.png", "._a.png"])
def test_other_files_are_left_out(folder, name):
    before = FolderSource(folder).catalogue()
    (folder / name).write_bytes(png(9))
    assert FolderSource(folder).catalogue() == before


@pytest.mark.parametrize("name", ["new.webp", "a.PNG"])
def test_a_new_or_changed_image_changes_the_digest(folder, name):
    before = FolderSource(folder).catalogue().sha256
    (folder / name).write_bytes(png(9))
    assert FolderSource(folder).catalogue().sha256 != before


def test_pixels_are_those_of_the_file(folder):
    assert (FolderSource(folder).read("inner/c.png") == np.full((4, 6, 3), 3)).all()


def test_a_source_travels_to_other_processes(folder):
    source = FolderSource(folder)
    assert pickle.loads(pickle.dumps(source)) == source


def test_a_broken_or_vanished_image_is_refused(folder):
    (folder / "b.png").write_bytes(b"broken")
    with pytest.raises(ImageError):
        FolderSource(folder).read("b.png")
    with pytest.raises(FileNotFoundError):
        FolderSource(folder).read("vanished.png")


def test_the_subset_depends_on_the_content_and_not_on_the_names(folder, monkeypatch):
    monkeypatch.setattr(dataset, "SUBSET_COUNT", 1)
    [before] = FolderSource(folder).catalogue().subset
    content = (folder / before).read_bytes()
    (folder / before).rename(folder / "zz.png")
    [after] = FolderSource(folder).catalogue().subset
    assert (after, (folder / after).read_bytes()) == ("zz.png", content)


def test_an_empty_folder_and_none_at_all_are_refused(tmp_path):
    with pytest.raises(ValueError, match="Expected a folder with images; "):
        FolderSource(tmp_path).catalogue()
    with pytest.raises(ValueError, match="is not a folder"):
        FolderSource(tmp_path / "nowhere").catalogue()


def test_a_name_that_cannot_stand_in_a_table_is_refused(folder):
    with open(bytes(folder) + b"/\xff.png", "wb") as file:
        file.write(png(1))
    with pytest.raises(ValueError, match="must be printable UTF-8"):
        FolderSource(folder).catalogue()


@pytest.mark.parametrize(
    "name",
    [
        "Screenshot 2026-11-26 at 9.41.00\u202fAM.png",
        "no\u00a0break.png",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467.png",
        "e\u0301t\u00e9 \u5199\u771f.PNG",
    ],
)
def test_names_that_people_and_systems_give_are_accepted(folder, name):
    (folder / name).write_bytes(png(7))
    assert name in FolderSource(folder).catalogue().ids
    assert (FolderSource(folder).read(name) == 7).all()


@pytest.mark.parametrize("name", ["a\nb.png", "a\tb.png", "a\u2028b.png", "a\x1bb.png"])
def test_names_that_would_break_a_line_are_refused(folder, name):
    (folder / name).write_bytes(png(7))
    with pytest.raises(ValueError, match="must be printable UTF-8"):
        FolderSource(folder).catalogue()


def test_a_file_beyond_the_limit_is_neither_hashed_nor_read(folder):
    with (folder / "sparse.png").open("wb") as file:
        file.truncate(30_000_000_000)
    assert "sparse.png" in FolderSource(folder).catalogue().ids
    with pytest.raises(ImageError, match="at most 200 MB are accepted"):
        FolderSource(folder).read("sparse.png")


def test_a_decoded_image_tells_what_was_changed(folder):
    file = io.BytesIO()
    Image.new("RGBA", (3, 2), (255, 0, 0, 0)).save(file, "PNG")
    (folder / "clear.png").write_bytes(file.getvalue())
    assert FolderSource(folder).decode("clear.png").notes == (ALPHA_NOTE,)
