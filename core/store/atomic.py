"""File operations that survive a crash: whole files or none, and content that is checked."""

import hashlib
import os
import secrets
import time
from contextlib import suppress
from io import BufferedReader
from pathlib import Path

#: A file changed this recently may change again without a new time stamp (FAT counts in steps of
#: two seconds), so its digest is not remembered yet.
_SETTLING_NANOSECONDS = 2_000_000_000

_Identity = tuple[int, int, int, int, int]
_digests: dict[_Identity, str] = {}


def write_file(path: Path, data: bytes) -> None:
    """Writes `data` to the disk itself; the file is complete only when this returns."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o666)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_file(path: Path, data: bytes) -> None:
    """Puts a file with this content in the place of what was there, at one moment.

    Raises:
        OSError: The disk refuses; what was there is then still there.
    """
    unfinished = path.with_name(f".tmp-{path.name}.{secrets.token_hex(4)}")
    try:
        write_file(unfinished, data)
        os.replace(unfinished, path)
        sync_folder(path.parent)
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def sync_file(path: Path) -> None:
    """Waits until the content of a file, written by whomever, is on the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Waits until the names in a folder are on the disk."""
    if os.name == "nt":  # Windows keeps names by itself and cannot open a folder
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def digest(file: BufferedReader) -> str:
    """sha256 of an open file in hexadecimal, remembered for as long as the file is unchanged."""
    status = os.fstat(file.fileno())
    identity = (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )
    known = _digests.get(identity)
    if known is not None:
        return known
    file.seek(0)
    found = hashlib.file_digest(file, "sha256").hexdigest()
    if time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) > _SETTLING_NANOSECONDS:
        _digests[identity] = found
    return found
