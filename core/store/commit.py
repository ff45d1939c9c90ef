"""Writing to the artifact store; every function here runs under the artifact's lock.

A commit writes the new files under waiting names, renames the new manifest over the old one, and
then moves the files to their places. The rename of the manifest is the one moment at which the
artifact changes: whoever reads before it gets the old artifact whole, whoever reads after it gets
the new one whole, and a crash at any point leaves one of the two. A waiting name carries the
digest of its content, so a reader finds the files of a commit that was cut short after its
manifest, and the next writer finishes the move.
"""

import dataclasses
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core.store.atomic import digest, sync_file, sync_folder, write_file
from core.store.errors import (
    ArtifactError,
    DamagedArtifact,
    MissingArtifact,
    UnreadableArtifact,
)
from core.store.layout import ArtifactPaths
from core.store.manifest import FileEntry, Manifest
from core.store.provenance import provenance

#: Name of the file inside a staging folder that its owner keeps locked while it lives.
STAGING_LOCK = ".lock"


@contextmanager
def locked(paths: ArtifactPaths, *, timeout: float = -1) -> Iterator[None]:
    """Keeps every other process and thread from writing the artifact; may be nested.

    Args:
        paths: The artifact.
        timeout: Seconds to wait for another writer; for ever when negative.

    Raises:
        Timeout: An OSError: the other writer was not done in time.
    """
    paths.folder.mkdir(parents=True, exist_ok=True)
    with FileLock(paths.lock, is_singleton=True).acquire(timeout=timeout):
        yield


def replace(
    paths: ArtifactPaths, files: Mapping[str, bytes | Path], facts: Mapping[str, Any]
) -> Manifest:
    """Manifest of the new artifact, which has replaced the old one as a whole.

    Raises:
        OSError: The disk refuses; the artifact is then the old one or, when the refusal came
            after the manifest's rename, the new one.
    """
    try:
        manifest = _prepare(paths, files, facts)
        _write_manifest(paths, manifest)
    except BaseException:
        with suppress(OSError, ArtifactError):
            finish(paths)
        raise
    finish(paths)
    return manifest


def restate(paths: ArtifactPaths, facts: Mapping[str, Any]) -> Manifest:
    """Manifest with other facts, which has replaced the old one; its files stay as they are."""
    manifest = dataclasses.replace(paths.load_manifest(), facts=facts)
    _write_manifest(paths, manifest)
    return manifest


def leave_out(paths: ArtifactPaths, names: Collection[str]) -> Manifest:
    """Manifest without some files, which has replaced the old one; the others stay as they are."""
    found = paths.load_manifest()
    kept = {name: entry for name, entry in found.files.items() if name not in names}
    dropped = {*found.superseded, *names} - set(kept)
    manifest = dataclasses.replace(found, files=kept, superseded=tuple(sorted(dropped)))
    _write_manifest(paths, manifest)
    finish(paths)
    return manifest


def _write_manifest(paths: ArtifactPaths, manifest: Manifest) -> None:
    write_file(paths.writing, manifest.to_bytes())
    os.replace(paths.writing, paths.manifest)
    sync_folder(paths.folder)


def finish(paths: ArtifactPaths) -> None:
    """Moves committed files to their final paths and removes what crashes left."""
    committed, superseded = _committed_names(paths)
    touched = {paths.folder}
    for leftover in sorted(paths.folder.glob(f"{paths.unfinished_prefix}*")):
        name = committed.get(leftover.name)
        if leftover.is_dir():
            _remove_if_abandoned(leftover)
        elif name is None:
            leftover.unlink()
        else:
            final = paths.final(name)
            final.parent.mkdir(parents=True, exist_ok=True)
            os.replace(leftover, final)
            touched.add(final.parent)
    for name in superseded:
        paths.final(name).unlink(missing_ok=True)
    for folder in sorted(touched):
        sync_folder(folder)


def clear_leftovers(folder: Path, kept: Collection[str]) -> None:
    """Removes what writers that were killed left of artifacts that were never committed.

    Args:
        folder: Folder of artifacts that nobody else writes.
        kept: Last parts of the keys of those that were committed.
    """
    for leftover in folder.glob(".tmp-*"):
        owner = leftover.name.removeprefix(".tmp-").partition(".")[0]
        if owner not in kept and leftover.is_file():
            leftover.unlink()


def remove(paths: ArtifactPaths) -> None:
    """Removes the artifact: the manifest first, so that it is gone as a whole at once."""
    try:
        manifest = paths.load_manifest()
        names = [*manifest.files, *manifest.superseded]
    except ArtifactError:  # of a damaged or newer artifact it is not known what belongs to it
        names = []
    paths.manifest.unlink(missing_ok=True)
    sync_folder(paths.folder)
    for name in names:
        paths.final(name).unlink(missing_ok=True)
    finish(paths)


def _prepare(
    paths: ArtifactPaths, files: Mapping[str, bytes | Path], facts: Mapping[str, Any]
) -> Manifest:
    """Manifest of the new artifact, whose files now wait on the disk."""
    earlier = _earlier_names(paths)
    entries = {name: _write_waiting(paths, name, files[name]) for name in sorted(files)}
    sync_folder(paths.folder)
    return Manifest(
        key=paths.key,
        created=datetime.now(UTC).isoformat(),
        provenance=provenance(),
        facts=facts,
        files=entries,
        superseded=tuple(sorted(earlier - set(files))),
    )


def _write_waiting(paths: ArtifactPaths, name: str, content: bytes | Path) -> FileEntry:
    if isinstance(content, Path):
        written = content
        sync_file(written)
    else:
        written = paths.writing
        write_file(written, content)
    with written.open("rb") as file:
        entry = FileEntry(bytes=written.stat().st_size, sha256=digest(file))
    os.replace(written, paths.waiting(name, entry))
    return entry


def _earlier_names(paths: ArtifactPaths) -> set[str]:
    """Names of the old artifact's files, of those only that are still on the disk."""
    try:
        manifest = paths.load_manifest()
    except UnreadableArtifact:
        raise
    except (MissingArtifact, DamagedArtifact):
        return set()
    names = {*manifest.files, *manifest.superseded}
    return {name for name in names if paths.final(name).exists()}


def _committed_names(paths: ArtifactPaths) -> tuple[dict[str, str], tuple[str, ...]]:
    """Name of each committed file by its waiting name, and the names to be removed.

    Raises:
        UnreadableArtifact: There is a manifest that cannot be read now, whose files must stay.
    """
    try:
        manifest = paths.load_manifest()
    except UnreadableArtifact:
        raise
    except (MissingArtifact, DamagedArtifact):
        return {}, ()
    waiting = {paths.waiting(name, entry).name: name for name, entry in manifest.files.items()}
    return waiting, manifest.superseded


def _remove_if_abandoned(staging: Path) -> None:
    """Removes a staging folder unless the process that made it still lives and holds it."""
    with suppress(Timeout), FileLock(staging / STAGING_LOCK).acquire(timeout=0):
        shutil.rmtree(staging, ignore_errors=True)
