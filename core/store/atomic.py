"""File operations that survive a crash: whole files or none, and content that is checked."""

import errno
import hashlib
import os
import re
import secrets
import stat
import time
from contextlib import suppress
from io import BufferedReader
from pathlib import Path

#: A file changed this recently may change again without a new time stamp (FAT counts in steps of
#: two seconds), so its digest is not remembered yet.
_SETTLING_NANOSECONDS = 2_000_000_000

#: Names of open file descriptors, and how many links Linux follows on the way to a file.
_DESCRIPTOR = re.compile(r"/dev/(stdout|stderr|fd/\d+)|/proc/[^/]+(/task/\d+)?/fd/\d+")
_MAX_LINKS = 40

_Identity = tuple[int, int, int, int, int]
_digests: dict[_Identity, str] = {}


def write_file(path: Path, data: bytes) -> None:
    """Writes `data` to the disk itself; the file is complete only when this returns."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o666)
    try:
        _write_all(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def replace_file(path: Path, data: bytes) -> None:
    """Makes `data` the content of a file, whatever kind of file the path names.

    A regular file is replaced atomically and keeps its mode and, where allowed, its owner. The
    target of a symbolic link is written and the link stays. A device, pipe or socket is written
    into, never replaced.

    Raises:
        OSError: The disk refuses; what was there is then still there.
    """
    if is_stream(path):
        _write_into(path, data)
    else:
        target = Path(os.path.realpath(path))
        if target.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        _replace_regular(target, data)


def is_stream(path: Path) -> bool:
    """Whether a path names something that is written into: a device, a pipe, an open descriptor.

    An open descriptor such as `/dev/stdout` counts even where it leads to a regular file: whoever
    opened that file would keep the old one if it were replaced.
    """
    if not path.exists() or path.is_dir():
        return False
    return not path.is_file() or _is_descriptor(path)


def _is_descriptor(path: Path) -> bool:
    """Whether a path, or a link on the way from it, names an open file descriptor."""
    for _ in range(_MAX_LINKS):
        if _DESCRIPTOR.fullmatch(os.path.abspath(path)):
            return True
        if not path.is_symlink():
            return False
        path = path.parent / path.readlink()
    return False


def _write_into(path: Path, data: bytes) -> None:
    # Without O_CREAT: a pipe that was removed meanwhile is an error, not a new file.
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        _write_all(descriptor, data)
    finally:
        os.close(descriptor)


def _replace_regular(path: Path, data: bytes) -> None:
    unfinished = path.with_name(f".tmp-{secrets.token_hex(8)}")
    try:
        write_file(unfinished, data)
        if path.exists():
            _copy_permissions(path, unfinished)
        os.replace(unfinished, path)
        sync_folder(path.parent)
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _copy_permissions(source: Path, target: Path) -> None:
    status = source.stat()
    if hasattr(os, "chown"):
        with suppress(PermissionError):  # only root may give a file away
            os.chown(target, status.st_uid, status.st_gid)
    target.chmod(stat.S_IMODE(status.st_mode))  # after chown, which clears set-user-id bits


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
