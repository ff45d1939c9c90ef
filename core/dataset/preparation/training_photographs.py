"""Prepares photographs of any size for training only, apart from the data set."""

import csv
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from core.dataset.preparation.errors import PreparationError
from core.dataset.preparation.source import SourceFile, image_files
from core.dataset.splits import seeded_rank
from core.dataset.training_photographs import KEY, TABLE_FILE, VALUES_FILE
from core.intake.door import DEFAULT_LIMITS
from core.intake.errors import ImageError
from core.intake.isolation import WorkerPool, decode_image_isolated
from core.store import ArtifactError, ArtifactStore, Manifest

#: Table of a source, in its top folder, that says where each photograph is from.
ORIGINS = "origins.csv"

#: Most large photographs held out from training, to compare codecs on, and never more than half of
#: them; chosen by their content and a seed.
HELD_OUT = 24
HELD_OUT_PIXELS = 400_000
HELD_OUT_SEED = "held out"


class Photograph(NamedTuple):
    """One photograph that was decoded.

    Attributes:
        name: File name.
        sha256: Of the file.
        first: Index of its first value in the concatenated array.
        height: Rows.
        width: Columns.
    """

    name: str
    sha256: str
    first: int
    height: int
    width: int

    @property
    def rank(self) -> str:
        """Sort key for the choice of what is held out."""
        return seeded_rank(self.sha256, seed=HELD_OUT_SEED)


def prepare_photographs(
    store: ArtifactStore, path: Path, *, advance: Callable[[int], None]
) -> Manifest:
    """Decodes all photographs of a folder or tar archive and commits them as one artifact.

    Args:
        store: Where they are written.
        path: Folder or archive, its subfolders included.
        advance: Called with the number of photographs decoded since the last call.

    Raises:
        PreparationError: An image does not decode, there is none, or the source cannot be read.
    """
    with store.staging(KEY) as folder:
        values = folder / "values"
        with values.open("wb") as file, _one_worker() as pool:
            taken = _Taken(file, pool, advance)
            for found in image_files(path, also=ORIGINS):
                taken.add(found)
        if not taken.photographs:
            raise PreparationError(f"There are no images in {path.name}.")
        held_out = choose_held_out(taken.photographs)
        _blacken(values, held_out)
        shown = [image for image in taken.photographs if image not in held_out]
        table = np.array([image[2:] for image in shown], np.int32).reshape(-1, 3)
        files: dict[str, bytes | Path] = {VALUES_FILE: values, TABLE_FILE: _npy(table)}
        return store.commit(KEY, files, facts=_facts(path, taken, held_out))


def is_prepared(store: ArtifactStore, path: Path) -> bool:
    """Whether the photographs in the store are intact and were made from this source."""
    try:
        artifact = store.open(KEY)
        artifact.path(VALUES_FILE, verify=False)
        known = artifact.facts["images_sha256"]
        if artifact.facts["held_out"] != _held_out_today(artifact.facts):
            return False
    except (ArtifactError, KeyError):
        return False
    digests = {found.name: hashlib.sha256(found.data).hexdigest() for found in image_files(path)}
    return bool(known == listing_digest(digests))


def _held_out_today(facts: Mapping[str, Any]) -> list[str]:
    """Names that would be held out of the photographs of a manifest; earlier versions differed."""
    images = [
        Photograph(entry["file"], entry["sha256"], 0, *reversed(entry["size"]))
        for entry in facts["photographs"]
    ]
    return sorted(image.name for image in choose_held_out(images))


def choose_held_out(photographs: list[Photograph]) -> set[Photograph]:
    """The large photographs that are held out from training."""
    large = [image for image in photographs if image.height * image.width >= HELD_OUT_PIXELS]
    count = min(HELD_OUT, len(large) // 2)
    return set(sorted(large, key=lambda image: image.rank)[:count])


def write_held_out(store: ArtifactStore, path: Path, folder: Path) -> list[str]:
    """Writes the files of the photographs that are held out, as they are in their source.

    Args:
        store: Where the photographs were prepared.
        path: Folder or archive that they were prepared from.
        folder: Where the files go; it is made, and must be empty.

    Returns:
        Names of the files.

    Raises:
        PreparationError: The folder lies in the source, holds other files, or cannot be written.
        ArtifactError: No photographs are prepared.
    """
    names = set(store.manifest(KEY).facts["held_out"])
    if folder.resolve().is_relative_to(path.resolve()):
        raise PreparationError(f"{folder} lies in {path}, whose photographs would be there twice.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if others := sorted({found.name for found in folder.iterdir()} - names):
            raise PreparationError(f"{folder} is not empty: {others[0]} is there.")
        for found in image_files(path):
            if found.name in names:
                (folder / found.name).write_bytes(found.data)
    except OSError as error:
        raise PreparationError(f"{folder} cannot be written: {error.strerror}.") from error
    return sorted(names)


def listing_digest(digests: Mapping[str, str]) -> str:
    """SHA-256 of names and contents, whatever their order."""
    lines = "".join(f"{name} {sha256}\n" for name, sha256 in sorted(digests.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


@dataclass
class _Taken:
    """State of the reading so far."""

    file: BinaryIO
    pool: WorkerPool
    advance: Callable[[int], None]
    photographs: list[Photograph] = field(default_factory=list)
    origins: dict[str, dict[str, str]] = field(default_factory=dict)
    _values: int = 0

    def add(self, found: SourceFile) -> None:
        if found.name == ORIGINS:
            rows = csv.DictReader(io.StringIO(found.data.decode("utf-8", errors="replace")))
            self.origins = {row.get("file") or "": dict(row) for row in rows}
            return
        try:
            pixels = decode_image_isolated(found.data, limits=DEFAULT_LIMITS, pool=self.pool).pixels
        except ImageError as error:
            raise PreparationError(f"The image {found.name} does not decode: {error}") from error
        height, width = pixels.shape[:2]
        digest = hashlib.sha256(found.data).hexdigest()
        self.photographs.append(Photograph(found.name, digest, self._values, height, width))
        self.file.write(np.ascontiguousarray(pixels).tobytes())
        self._values += pixels.size
        if self._values >= 2**31:
            raise PreparationError("The photographs have more than 700 megapixels together.")
        self.advance(1)


@contextmanager
def _one_worker() -> Iterator[WorkerPool]:
    """Context manager with one decoding process."""
    pool = WorkerPool(1)
    try:
        yield pool
    finally:
        pool.close()


def _blacken(values: Path, held_out: set[Photograph]) -> None:
    """Overwrites the pixels of the held-out photographs with zeros."""
    with values.open("r+b") as file:
        for image in held_out:
            file.seek(image.first)
            file.write(bytes(3 * image.height * image.width))


def _facts(path: Path, taken: _Taken, held_out: set[Photograph]) -> dict[str, Any]:
    listed = sorted(taken.photographs)
    return {
        "source": path.name,
        "use": "training alone: never shown, measured on or committed",
        "images_sha256": listing_digest({image.name: image.sha256 for image in listed}),
        "count": len(listed) - len(held_out),
        "megapixels": round(sum(i.height * i.width for i in listed if i not in held_out) / 1e6, 1),
        "held_out": sorted(image.name for image in held_out),
        "photographs": [_origin(image, taken.origins) for image in listed],
    }


def _origin(image: Photograph, origins: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    known = origins.get(image.name, {})
    names = ("repository", "original", "sha256_of_original", "licence")
    return {
        "file": image.name,
        "sha256": image.sha256,
        "size": [image.width, image.height],
        **{name: known[name] for name in names if known.get(name)},
    }


def _npy(array: np.ndarray[Any, Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()
