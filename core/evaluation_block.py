"""A piece of an evaluation: one family on a few pictures, measured in any process."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.codecs import CodecFamily, Reference, get_family
from core.codecs.base import Codec
from core.evaluation import evaluate, evaluate_reference, in_one_line
from core.images import Image, ImageError
from core.metrics import metrics
from core.metrics.base import Metric
from core.picture_source import PictureSource
from core.record import Record
from core.result_table import to_parquet, to_table
from core.store import ArtifactStore


@dataclass(frozen=True)
class Block:
    """What a process needs to know to measure a piece; it travels to other machines as it is.

    Attributes:
        root: Folder of the artifact store.
        source: Where the pictures come from.
        family: Codec family; its whole sweep is measured.
        images: Ids of the pictures.
        subset: Ids of the pictures on which slow metrics are measured, too.
    """

    root: Path
    source: PictureSource
    family: str
    images: tuple[str, ...]
    subset: frozenset[str]


@dataclass(frozen=True)
class OperatingPoint:
    """One thing to measure on every picture, with its place on the family's dial.

    Attributes:
        codec: A codec of the sweep, or a reference beside it.
        dial: Position of the dial; None for a reference and in a family without a dial.
    """

    codec: Codec | Reference
    dial: float | None


def operating_points(family: CodecFamily, store: ArtifactStore) -> list[OperatingPoint]:
    """Sweep of a family, each codec with its place on the dial, and then its references.

    Raises:
        MissingArtifact: A learned family has no weights yet.
    """
    name = family.dial.name if family.dial else ""
    points = [OperatingPoint(codec, getattr(codec, name, None)) for codec in family.sweep(store)]
    references = family.references(store) if family.references else []
    return points + [OperatingPoint(reference, None) for reference in references]


def measure_block(block: Block) -> bytes:
    """Parquet file with one row per picture and setting of the block.

    A picture that cannot be read gives rows with its error.
    """
    points = _operating_points(block.family, block.root)
    records = (row for image_id in block.images for row in _rows(block, image_id, points))
    return to_parquet(to_table(records))


@lru_cache(maxsize=1)  # consecutive blocks of one family share its loaded models
def _operating_points(family: str, root: Path) -> list[OperatingPoint]:
    return operating_points(get_family(family), ArtifactStore(root))


def _rows(block: Block, image_id: str, points: Sequence[OperatingPoint]) -> Iterator[Record]:
    try:
        image = block.source.read(image_id)
    except (ImageError, OSError) as error:
        for point in points:
            codec, reason = point.codec, in_one_line(error)
            yield Record(image_id, codec.family, codec.setting, point.dial, error=reason)
        return
    chosen = _metrics(with_slow=image_id in block.subset)
    for point in points:
        yield _record(point, image, image_id, chosen)


def _record(
    point: OperatingPoint, image: Image, image_id: str, chosen: dict[str, Metric]
) -> Record:
    if isinstance(point.codec, Codec):
        return evaluate(point.codec, image, image_id=image_id, metrics=chosen, dial=point.dial)
    return evaluate_reference(point.codec, image, image_id=image_id, metrics=chosen)


def _metrics(*, with_slow: bool) -> dict[str, Metric]:
    return {
        name: metric for name, metric in metrics().items() if with_slow or not metric.ON_SUBSET_ONLY
    }
