"""The writing side of the artifact store; every function here runs under the artifact's lock.

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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core.store.atomic import digest, sync_file, sync_folder, write_file
from core.store.errors import ArtifactError, DamagedArtifact, MissingArtifact
from core.store.layout import Places
from core.store.manifest import FileEntry, Manifest
from core.store.provenance import provenance

#: Name of the file inside a staging folder that its owner keeps locked while it lives.
STAGING_LOCK = ".lock"


@contextmanager
def locked(places: Places, *, timeout: float = -1) -> Iterator[None]:
    """Keeps every other process and thread from writing the artifact; may be nested.

    Args:
        places: The artifact.
        timeout: Seconds to wait for another writer; for ever when negative.

    Raises:
        Timeout: An OSError: the other writer was not done in time.
    """
    places.folder.mkdir(parents=True, exist_ok=True)
    with FileLock(places.lock, is_singleton=True).acquire(timeout=timeout):
        yield


def replace(
    places: Places, files: Mapping[str, bytes | Path], facts: Mapping[str, Any]
) -> Manifest:
    """Manifest of the new artifact, which has replaced the old one as a whole.

    Raises:
        OSError: The disk refuses; the artifact is then the old one or, when the refusal came
            after the manifest's rename, the new one.
    """
    try:
        manifest = _prepare(places, files, facts)
        write_file(places.writing, manifest.to_bytes())
        os.replace(places.writing, places.manifest)
        sync_folder(places.folder)
    except BaseException:
        with suppress(OSError, ArtifactError):
            finish(places)
        raise
    finish(places)
    return manifest


def restate(places: Places, facts: Mapping[str, Any]) -> Manifest:
    """Manifest with other facts, which has replaced the old one; its files stay as they are."""
    manifest = dataclasses.replace(places.load_manifest(), facts=facts)
    write_file(places.writing, manifest.to_bytes())
    os.replace(places.writing, places.manifest)
    sync_folder(places.folder)
    return manifest


def finish(places: Places) -> None:
    """Moves committed files to their places and clears what crashes left."""
    committed, superseded = _committed_names(places)
    touched = {places.folder}
    for leftover in sorted(places.folder.glob(f"{places.unfinished_prefix}*")):
        name = committed.get(leftover.name)
        if leftover.is_dir():
            _remove_if_abandoned(leftover)
        elif name is None:
            leftover.unlink()
        else:
            final = places.final(name)
            final.parent.mkdir(parents=True, exist_ok=True)
            os.replace(leftover, final)
            touched.add(final.parent)
    for name in superseded:
        places.final(name).unlink(missing_ok=True)
    for folder in sorted(touched):
        sync_folder(folder)


def remove(places: Places) -> None:
    """Removes the artifact: the manifest first, so that it is gone as a whole at once."""
    try:
        manifest = places.load_manifest()
        names = [*manifest.files, *manifest.superseded]
    except ArtifactError:  # of a damaged or newer artifact it is not known what belongs to it
        names = []
    places.manifest.unlink(missing_ok=True)
    sync_folder(places.folder)
    for name in names:
        places.final(name).unlink(missing_ok=True)
    finish(places)


def _prepare(
    places: Places, files: Mapping[str, bytes | Path], facts: Mapping[str, Any]
) -> Manifest:
    """Manifest of the new artifact, whose files now wait on the disk."""
    earlier = _earlier_names(places)
    entries = {name: _write_waiting(places, name, files[name]) for name in sorted(files)}
    sync_folder(places.folder)
    return Manifest(
        key=places.key,
        created=datetime.now(UTC).isoformat(),
        provenance=provenance(),
        facts=facts,
        files=entries,
        superseded=tuple(sorted(earlier - set(files))),
    )


def _write_waiting(places: Places, name: str, content: bytes | Path) -> FileEntry:
    if isinstance(content, Path):
        written = content
        sync_file(written)
    else:
        written = places.writing
        write_file(written, content)
    with written.open("rb") as file:
        entry = FileEntry(bytes=written.stat().st_size, sha256=digest(file))
    os.replace(written, places.waiting(name, entry))
    return entry


def _earlier_names(places: Places) -> set[str]:
    """Names of the old artifact's files, of those only that are still on the disk."""
    try:
        manifest = places.load_manifest()
    except (MissingArtifact, DamagedArtifact):
        return set()
    names = {*manifest.files, *manifest.superseded}
    return {name for name in names if places.final(name).exists()}


def _committed_names(places: Places) -> tuple[dict[str, str], tuple[str, ...]]:
    """Name of each committed file by its waiting name, and the names to be removed."""
    try:
        manifest = places.load_manifest()
    except (MissingArtifact, DamagedArtifact):
        return {}, ()
    waiting = {places.waiting(name, entry).name: name for name, entry in manifest.files.items()}
    return waiting, manifest.superseded


def _remove_if_abandoned(staging: Path) -> None:
    """Removes a staging folder unless the process that made it still lives and holds it."""
    with suppress(Timeout), FileLock(staging / STAGING_LOCK).acquire(timeout=0):
        shutil.rmtree(staging, ignore_errors=True)
