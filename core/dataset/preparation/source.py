"""Reads the images of a folder or a tar archive one by one, without unpacking to disk."""

import hashlib
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple, Protocol

from core.dataset.preparation.errors import PreparationError
from core.intake.door import DEFAULT_LIMITS
from core.intake.formats import IMAGE_SUFFIXES

#: The two folders of a source, as Imagenette names them; each holds one folder per class.
PARTS = ("train", "val")
MAX_FILE_BYTES = DEFAULT_LIMITS.max_bytes
_BLOCK = tarfile.BLOCKSIZE
_TAIL_BYTES = 1 << 16
#: What `tarfile` and the decompressors below it raise on damaged archives.
_READING_ERRORS = (tarfile.TarError, EOFError, OSError, zlib.error, lzma.LZMAError)


class SourceImage(NamedTuple):
    """One image file of a source.

    Attributes:
        id: Class folder and file name without its ending, such as `n01440764/n01440764_10026`.
        class_id: Name of the class folder.
        part: `train` or `val`.
        data: The file's bytes.
    """

    id: str
    class_id: str
    part: str
    data: bytes


class SourceFile(NamedTuple):
    """One file of a source, whatever its folder.

    Attributes:
        name: File name.
        data: The file's bytes.
    """

    name: str
    data: bytes


class RawDataset(Protocol):
    """Source of a data set's images; iterations are repeatable and in a fixed order."""

    @property
    def label(self) -> str:
        """Name of the source in the manifest; never a path of this machine."""

    @property
    def sha256(self) -> str | None:
        """Content hash of the archive; None for a folder."""

    def images(self) -> Iterator[SourceImage]:
        """Every image below `train/` and `val/`; other files are skipped."""


def open_source(path: Path, *, label: str | None = None) -> RawDataset:
    """The folder or tar archive at `path` as a source of images.

    Args:
        path: Folder with `train/` and `val/`, or tar archive of one (plain, gzip, bzip2, xz).
        label: Name of the source in the manifest; `folder` or `archive <file name>` by default.

    Raises:
        PreparationError: There is nothing at `path`, or it is neither of the two.
    """
    if path.is_dir():
        return Folder(path, label or "folder")
    if not path.is_file():
        raise PreparationError(f"There is no folder or archive at {path}.")
    if not _is_archive(path):
        raise PreparationError(f"{path} is neither a folder nor a tar archive that can be read.")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Archive(path, label or f"archive {path.name}", digest)


def _is_archive(path: Path) -> bool:
    try:
        return tarfile.is_tarfile(path)
    except _READING_ERRORS:
        return False


@dataclass(frozen=True)
class Folder:
    """A folder that holds `train/` and `val/`."""

    path: Path
    label: str
    sha256: None = None

    def images(self) -> Iterator[SourceImage]:
        """Every image of the folder, in the order of the file names."""
        for part in PARTS:
            for file in sorted(self.path.glob(f"{part}/*/*")):
                parts = _split_class_and_name(PurePosixPath(file.relative_to(self.path).as_posix()))
                if parts and file.is_file():
                    _check_size(file.name, file.stat().st_size)
                    yield SourceImage(*parts, file.read_bytes())


@dataclass(frozen=True)
class Archive:
    """A tar archive of a folder that holds `train/` and `val/`."""

    path: Path
    label: str
    sha256: str

    def images(self) -> Iterator[SourceImage]:
        """Every image of the archive, in the order of its members.

        Raises:
            PreparationError: The archive is truncated or damaged, or a member would leave
                the folder if it were unpacked.
        """
        try:
            with tarfile.open(self.path) as archive:
                yield from _members(archive)
        except _READING_ERRORS as error:
            raise PreparationError(f"{self.path.name} is truncated or damaged: {error}.") from error


def image_files(path: Path, *, also: str | None = None) -> Iterator[SourceFile]:
    """Every image file of a folder or tar archive, in whatever folder it lies.

    Args:
        path: Folder or archive.
        also: Name of a further file that is wanted.

    Raises:
        PreparationError: There is nothing at `path`, or it cannot be read.
    """
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if file.is_file() and _is_wanted(PurePosixPath(file.name), also):
                _check_size(file.name, file.stat().st_size)
                yield SourceFile(file.name, file.read_bytes())
        return
    if not path.is_file() or not _is_archive(path):
        raise PreparationError(f"There is no folder or tar archive at {path}.")
    try:
        with tarfile.open(path) as archive:
            for member in _plain_members(archive):
                if _is_wanted(PurePosixPath(member.name), also):
                    _check_size(member.name, member.size)
                    name = PurePosixPath(member.name).name
                    yield SourceFile(name, _content(archive, member))
    except _READING_ERRORS as error:
        raise PreparationError(f"{path.name} is truncated or damaged: {error}.") from error


def _is_wanted(path: PurePosixPath, also: str | None) -> bool:
    is_image = path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")
    return is_image or path.name == also


def _members(archive: tarfile.TarFile) -> Iterator[SourceImage]:
    for member in _plain_members(archive):
        parts = _split_class_and_name(PurePosixPath(member.name))
        if parts:
            _check_size(member.name, member.size)
            yield SourceImage(*parts, _content(archive, member))


def _plain_members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """The regular files of an archive in order; rejects special files and truncated archives."""
    end = 0
    for member in archive:
        _refuse_escape(member)
        end = member.offset_data
        if not member.isfile():
            continue
        end += -(-member.size // _BLOCK) * _BLOCK
        yield member
    _check_end(archive, end)


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    data = file.read() if file else b""
    if len(data) != member.size:
        raise tarfile.ReadError(f"{member.name} ends early")
    return data


def _refuse_escape(member: tarfile.TarInfo) -> None:
    """Rejects members with absolute or escaping paths, although nothing is unpacked."""
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts:
        raise PreparationError(f"The archive's member {member.name!r} would leave the folder.")
    if not (member.isfile() or member.isdir()):
        raise PreparationError(
            f"The archive's member {member.name!r} is a link or a device; expected plain files."
        )


def _check_end(archive: tarfile.TarFile, end: int) -> None:
    """Checks that the end-of-archive marker follows the last member and the file is complete.

    `tarfile` silently takes a truncated or damaged header for the end of the archive, and the
    checksum of a compressed archive is compared only when its last byte is read.
    """
    if archive.fileobj is None:
        raise tarfile.ReadError("it is closed")
    archive.fileobj.seek(end)
    if archive.fileobj.read(_BLOCK) != bytes(_BLOCK):
        raise tarfile.ReadError("its end mark is missing")
    while archive.fileobj.read(_TAIL_BYTES):
        pass


def _split_class_and_name(path: PurePosixPath) -> tuple[str, str, str] | None:
    """Id, class and part of an image file; None for any other file."""
    if (
        len(path.parts) < 3
        or path.name.startswith(".")
        or path.suffix.lower() not in IMAGE_SUFFIXES
    ):
        return None
    part, class_id, _ = path.parts[-3:]
    return (f"{class_id}/{path.stem}", class_id, part) if part in PARTS else None


def _check_size(name: str, size: int) -> None:
    if size > MAX_FILE_BYTES:
        raise PreparationError(f"{name} has {size} bytes; at most {MAX_FILE_BYTES} are read.")
