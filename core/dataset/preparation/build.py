"""Builds the data set from a source of images: pixel arrays, index and metadata."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from core.dataset.preparation.decoding import RESIZE, SIDE, Task, Traits, create_array, decode_all
from core.dataset.preparation.errors import PreparationError
from core.dataset.preparation.imagenette import ARCHIVE_SHA256, CLASS_NAMES
from core.dataset.preparation.listing import (
    SPLIT_RULE,
    SPLIT_SEED,
    ListedImage,
    PlannedImage,
    listing_digest,
    plan,
)
from core.dataset.preparation.near_duplicates import MAX_DISTANCE, Hashes, near_duplicates
from core.dataset.preparation.source import RawDataset
from core.dataset.splits import DEFAULT, SPLITS, array_file, dataset_key, index_file
from core.store import (
    ArtifactError,
    ArtifactStore,
    Manifest,
    NewerArtifact,
    UnreadableArtifact,
)

_MAX_NAMED_PAIRS = 200


class Standing(NamedTuple):
    """State of a data set in the store.

    Attributes:
        is_whole: Whether the index and all pixel arrays are present.
        images: Digest of the images that it was built from; None without a manifest.
        archive: Digest of the archive that held them, likewise.
    """

    is_whole: bool
    images: str | None
    archive: str | None


def standing(store: ArtifactStore, dataset: str) -> Standing:
    """State of a data set in the store; damaged parts count as absent.

    Raises:
        ArtifactError: It may be intact, but cannot be read.
    """
    try:
        artifact = store.open(dataset_key(dataset))
    except (UnreadableArtifact, NewerArtifact):
        raise
    except ArtifactError:
        return Standing(False, None, None)
    facts = artifact.facts
    found = Standing(True, facts.get("images_sha256"), facts.get("archive_sha256"))
    try:
        artifact.path(index_file(dataset))
        for split in SPLITS:
            artifact.path(array_file(split, dataset), verify=False)
    except ArtifactError:
        return found._replace(is_whole=False)
    return found


def build(
    store: ArtifactStore,
    source: RawDataset,
    listed: Sequence[ListedImage],
    *,
    processes: int,
    advance: Callable[[int], None],
    dataset: str = DEFAULT,
) -> Manifest:
    """Decodes the listed images of the source and commits the data set.

    Args:
        store: Where the data set is written.
        source: Read a second time, for the pixels.
        listed: What `list_images` found in it.
        processes: Number of decoding processes.
        advance: Called with the number of images decoded since the last call.
        dataset: Name of the data set.

    Raises:
        PreparationError: An image does not decode, or the source changed or cannot be read.
        OSError: Writing failed, for example because the disk is full.
    """
    planned = plan(listed)
    counts = Counter(image.split for image in planned)
    key = dataset_key(dataset)
    with store.staging(key) as folder:
        arrays = {split: folder / f"{split}.npy" for split in SPLITS}
        for split, path in arrays.items():
            create_array(path, counts[split])
        found = decode_all(_tasks(source, planned, arrays), processes=processes, advance=advance)
        traits = {image.id: image for image in found}
        if len(traits) != len(planned):
            raise PreparationError("The source changed while it was read.")
        index = _index(planned, traits)
        facts = _source_facts(source, listed) | _index_facts(index, planned, traits)
        files: dict[str, bytes | Path] = {
            array_file(split, dataset): arrays[split] for split in SPLITS
        }
        return store.commit(key, files | {index_file(dataset): _parquet(index)}, facts=facts)


def _tasks(
    source: RawDataset, planned: Sequence[PlannedImage], arrays: Mapping[str, Path]
) -> Iterator[Task]:
    planned_by_id = {image.id: image for image in planned}
    for file in source.images():
        planned_image = planned_by_id.get(file.id)
        if planned_image is None:
            raise PreparationError("The source changed while it was read.")
        yield Task(file.id, file.data, arrays[planned_image.split], planned_image.row)


def _index(planned: Sequence[PlannedImage], traits: Mapping[str, Traits]) -> pd.DataFrame:
    """The table that `core.dataset.splits.index` describes."""
    found = [traits[image.id] for image in planned]
    return pd.DataFrame(
        {
            "id": [image.id for image in planned],
            "class_id": [image.class_id for image in planned],
            "class_name": [CLASS_NAMES.get(image.class_id, image.class_id) for image in planned],
            "split": [image.split for image in planned],
            "sha256": [image.sha256 for image in planned],
            "source_width": np.array([trait.source_width for trait in found], dtype=np.int32),
            "source_height": np.array([trait.source_height for trait in found], dtype=np.int32),
            "grey": [trait.grey for trait in found],
            "phash": [trait.phash for trait in found],
        }
    )


def _parquet(frame: pd.DataFrame) -> bytes:
    buffer = BytesIO()
    frame.to_parquet(buffer, index=False, compression="zstd")
    return buffer.getvalue()


def _source_facts(source: RawDataset, listed: Sequence[ListedImage]) -> dict[str, Any]:
    return {
        "source": source.label,
        "archive_sha256": source.sha256,
        "is_published_archive": source.sha256 == ARCHIVE_SHA256,
        "images_sha256": listing_digest(listed),
        "shape": [SIDE, SIDE, 3],
        "colour": "sRGB, 8 bits, upright, transparent parts on white",
        "resize": RESIZE,
        "split": SPLIT_RULE,
        "split_seed": SPLIT_SEED,
    }


def _index_facts(
    index: pd.DataFrame, planned: Sequence[PlannedImage], traits: Mapping[str, Traits]
) -> dict[str, Any]:
    splits = {split: index[index["split"] == split] for split in SPLITS}
    return {
        "sha256": _pixel_digest(planned, traits),
        "counts": {split: len(rows) for split, rows in splits.items()},
        "class_counts": {
            split: dict(sorted(Counter(rows["class_name"].tolist()).items()))
            for split, rows in splits.items()
        },
        "grey_counts": {split: int(rows["grey"].sum()) for split, rows in splits.items()},
        "near_duplicates": _near_duplicate_facts(splits),
        "resized": int(((index[["source_width", "source_height"]] != SIDE).any(axis=1)).sum()),
        "notes": dict(sorted(_count_notes(traits.values()).items())),
        "formats": dict(sorted(Counter(image.format for image in traits.values()).items())),
    }


def _count_notes(traits: Iterable[Traits]) -> Counter[str]:
    """How many images each note of the decoder applies to."""
    return Counter(note for image in traits for note in image.notes)


def _pixel_digest(planned: Sequence[PlannedImage], traits: Mapping[str, Traits]) -> str:
    """SHA-256 that names the whole data set: ids, splits and pixels, in the order of the index."""
    digest = hashlib.sha256()
    for image in planned:
        pixels = traits[image.id].pixel_sha256
        digest.update(f"{image.split} {image.id} {pixels.hex()}\n".encode())
    return digest.hexdigest()


def _near_duplicate_facts(splits: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    pairs = near_duplicates({split: _hashes(rows) for split, rows in splits.items()})
    return {
        "method": f"64-bit perceptual hash (imagehash.phash), at most {MAX_DISTANCE} bits "
        "different, between images of different splits",
        "count": len(pairs),
        "pairs": [pair._asdict() for pair in pairs[:_MAX_NAMED_PAIRS]],
    }


def _hashes(rows: pd.DataFrame) -> Hashes:
    values = np.array([int(phash, 16) for phash in rows["phash"]], dtype=np.uint64)
    return Hashes(rows["id"].tolist(), values)
