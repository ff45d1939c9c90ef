"""A piece of an evaluation: one codec on a few images, measured in any process."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.codecs import Codec, Reference, get_codec
from core.codecs.base import OperatingPoint
from core.dataset.image_source import ImageSource
from core.evaluation.evaluate import evaluate, evaluate_reference, in_one_line
from core.evaluation.record import Record
from core.evaluation.table import to_parquet, to_table
from core.images import Image
from core.intake.errors import ImageError
from core.metrics import metrics
from core.metrics.base import Metric
from core.store import ArtifactStore


@dataclass(frozen=True)
class Block:
    """What a process needs to know to measure a piece; it travels to other machines as it is.

    Attributes:
        root: Folder of the artifact store.
        source: Where the images come from.
        codec: Name of the codec.
        images: Ids of the images.
        subset: Ids of the images on which slow metrics are measured, too.
        metrics: Names of the metrics to measure; None for all.
        settings: Settings to measure; None for the whole sweep and the references.
    """

    root: Path
    source: ImageSource
    codec: str
    images: tuple[str, ...]
    subset: frozenset[str]
    metrics: tuple[str, ...] | None = None
    settings: tuple[str, ...] | None = None


def operating_points(codec: Codec, store: ArtifactStore) -> list[OperatingPoint | Reference]:
    """Sweep of a codec, and then its references.

    Raises:
        MissingArtifact: A learned codec has no weights yet.
    """
    references = codec.references(store) if codec.references else []
    return [*codec.sweep(store), *references]


def measure_block(block: Block) -> bytes:
    """Parquet file with one row per image and setting of the block.

    An image that cannot be read gives rows with its error.
    """
    points = [
        point
        for point in _operating_points(block.codec, block.root)
        if block.settings is None or point.setting in block.settings
    ]
    records = (row for image_id in block.images for row in _rows(block, image_id, points))
    return to_parquet(to_table(records))


@lru_cache(maxsize=1)  # consecutive blocks of one codec share its loaded models
def _operating_points(codec: str, root: Path) -> list[OperatingPoint | Reference]:
    return operating_points(get_codec(codec, ArtifactStore(root)), ArtifactStore(root))


def _rows(
    block: Block, image_id: str, points: Sequence[OperatingPoint | Reference]
) -> Iterator[Record]:
    try:
        image = block.source.read(image_id)
    except (ImageError, OSError) as error:
        reason = in_one_line(error)
        for point in points:
            yield Record(image_id, point.codec, point.setting, point.dial, error=reason)
        return
    chosen = _metrics(block.metrics, with_slow=image_id in block.subset)
    for point in points:
        yield _record(point, image, image_id, chosen)


def _record(
    point: OperatingPoint | Reference, image: Image, image_id: str, chosen: dict[str, Metric]
) -> Record:
    if isinstance(point, OperatingPoint):
        return evaluate(point, image, image_id=image_id, metrics=chosen).record
    return evaluate_reference(point, image, image_id=image_id, metrics=chosen).record


def _metrics(names: Sequence[str] | None, *, with_slow: bool) -> dict[str, Metric]:
    return {
        name: metric
        for name, metric in metrics().items()
        if (names is None or name in names) and (with_slow or not metric.ON_SUBSET_ONLY)
    }
