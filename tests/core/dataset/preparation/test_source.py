"""Reading the images of a folder or an archive."""

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from core.dataset.preparation.errors import PreparationError
from core.dataset.preparation.source import open_source

FILES = {
    "data/train/n1/a.JPEG": b"first",
    "data/train/n2/b.png": b"second" * 500,
    "data/val/n1/c.d.jpg": b"third",
    "data/val/n1/._c.d.jpg": b"what macOS leaves",
    "data/noisy.csv": b"no image",
    "data/train/n1/notes.txt": b"no image",
}


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))


@pytest.fixture
def make_archive(tmp_path: Path) -> Callable[..., Path]:
    def make(mode: str = "w", name: str = "images.tar", extra: tuple[str, ...] = ()) -> Path:
        path = tmp_path / name
        with tarfile.open(path, mode) as archive:
            for member, data in FILES.items():
                _add(archive, member, data)
            for member in extra:
                _add(archive, member, b"x")
        return path

    return make


def _read(path: Path) -> list[tuple[str, str, str, bytes]]:
    return [tuple(image) for image in open_source(path).images()]


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_an_archive_gives_its_images_and_passes_over_other_files(make_archive, mode) -> None:
    assert _read(make_archive(mode)) == [
        ("n1/a", "n1", "train", b"first"),
        ("n2/b", "n2", "train", b"second" * 500),
        ("n1/c.d", "n1", "val", b"third"),
    ]


def test_a_folder_gives_the_same_as_its_archive(make_archive, tmp_path: Path) -> None:
    for name, data in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    assert _read(tmp_path / "data") == _read(make_archive())


def test_a_source_can_be_read_twice(make_archive) -> None:
    source = open_source(make_archive("w:gz"))
    assert list(source.images()) == list(source.images())


def test_a_label_never_holds_a_path_of_the_machine(make_archive, tmp_path: Path) -> None:
    assert open_source(make_archive()).label == "archive images.tar"
    assert open_source(tmp_path).label == "folder"


@pytest.mark.parametrize("name", ["../train/n1/z.png", "/train/n1/z.png", "data/../../z.png"])
def test_a_member_that_would_leave_the_folder_is_refused(make_archive, name: str) -> None:
    with pytest.raises(PreparationError, match="would leave the folder"):
        _read(make_archive(extra=(name,)))


def test_a_changed_byte_in_a_compressed_archive_is_noticed(make_archive, tmp_path: Path) -> None:
    data = bytearray(make_archive("w:gz").read_bytes())
    data[-8] ^= 1  # of the checksum at its end
    (tmp_path / "damaged.tgz").write_bytes(data)
    with pytest.raises(PreparationError, match="truncated or damaged"):
        _read(tmp_path / "damaged.tgz")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE])
def test_a_link_or_a_device_is_refused(tmp_path: Path, kind: bytes) -> None:
    member = tarfile.TarInfo("train/n1/a.png")
    member.type = kind
    member.linkname = "/etc/hostname"
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        archive.addfile(member)
    with pytest.raises(PreparationError, match="link or a device"):
        _read(tmp_path / "x.tar")


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_an_archive_cut_anywhere_is_refused(make_archive, tmp_path: Path, mode: str) -> None:
    whole = make_archive(mode).read_bytes()
    # Behind the first empty block of the end mark a plain archive is complete.
    end = whole.rstrip(b"\0") if mode == "w" else whole
    cut = tmp_path / "cut.tar"
    for length in {*range(0, len(end), 97), len(end) - 1, *range(0, len(end), 512)}:
        cut.write_bytes(whole[:length])
        with pytest.raises(PreparationError, match=r"truncated or damaged|neither a folder nor"):
            _read(cut)


def test_a_damaged_header_in_the_middle_does_not_pass_for_the_end(make_archive, tmp_path) -> None:
    data = bytearray(make_archive().read_bytes())
    data[data.index(b"data/val")] ^= 1
    (tmp_path / "damaged.tar").write_bytes(data)
    with pytest.raises(PreparationError, match="its end mark is missing"):
        _read(tmp_path / "damaged.tar")


def test_a_source_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(PreparationError, match=r"no folder or archive at .*nowhere"):
        open_source(tmp_path / "nowhere")


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(b"\x89PNG and so on")
    with pytest.raises(PreparationError, match=r"photo\.png is neither a folder nor a tar"):
        open_source(tmp_path / "photo.png")
