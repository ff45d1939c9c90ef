"""The ladder as an artifact: computed from measurements on validation images, and read."""

import math
from collections.abc import Iterator, Mapping
from io import BytesIO
from operator import itemgetter
from typing import NamedTuple

import pandas as pd

from core.analysis.equal_quality import rate_at
from core.analysis.findings import QUANTISATION_LOSS_DB
from core.analysis.ladder import PSNR_DB, REFERENCE, RUNGS, Ladder, Step
from core.dataset.splits import digest_of_split
from core.evaluation.facts import measured_images
from core.evaluation.fingerprint import model_digest
from core.evaluation.measurements import Curve, Measurements, measurements, on_shared_images
from core.evaluation.table import from_parquet, to_frame
from core.metrics import psnr_db
from core.store import Artifact, ArtifactError, ArtifactStore, Manifest
from core.store.key import file_name
from core.training_records.model_card import TrainingSummary

#: Codecs that are measured.
CODECS = (REFERENCE, *(rung.codec for rung in RUNGS))

#: Note of a BD-rate that is left out because the rung below is not what it was measured against.
OUTDATED = "was against a model that is gone"

#: Split whose images are measured.
SPLIT = "validation"

_SAMPLES = 300


def rung_key(dataset: str, codec: str) -> str:
    """Artifact of one codec's measurements on validation images of a data set."""
    return f"ladders/{dataset}/{codec}"


def ladder_key(dataset: str) -> str:
    """Artifact of the ladder of a data set."""
    return f"ladders/{dataset}"


def is_measured(
    store: ArtifactStore, dataset: str, codec: str, *, images: int | None = None
) -> bool:
    """Whether there are measurements of the model that is stored now, on the images prepared now.

    Measurements whose manifest does not state their images count as of these.

    Args:
        store: Where they are.
        dataset: Data set whose validation images were measured.
        codec: The codec.
        images: How many images are wanted; any number when None.
    """
    key = rung_key(dataset, codec)
    if not store.exists(key):
        return False
    manifest = store.manifest(key)
    is_current = manifest.facts.get("model") == model_digest(store, codec)
    is_enough = images in (None, manifest.facts.get("images"))
    return is_current and is_enough and _is_of_prepared_images(store, dataset, manifest)


def _is_of_prepared_images(store: ArtifactStore, dataset: str, manifest: Manifest) -> bool:
    measured, prepared = measured_images(manifest), digest_of_split(store, dataset, SPLIT)
    return measured is None or prepared is None or measured.sha256 == prepared


def store_ladder(store: ArtifactStore, dataset: str) -> Ladder:
    """Computes the ladder from the measured rungs and commits it."""
    tables = {
        codec: store.load(rung_key(dataset, codec), _measurements)
        for codec in CODECS
        if is_measured(store, dataset, codec)
    }
    found, key = compute_ladder(tables, _trainings(store)), ladder_key(dataset)
    frame = pd.DataFrame(found.steps, columns=Step._fields)
    facts = {
        "models": {step.codec: model_digest(store, step.codec) for step in found.steps},
        "reference_bits_per_pixel": found.reference_bits_per_pixel,
    }
    store.commit(key, {file_name(key, "parquet"): frame.to_parquet(index=False)}, facts=facts)
    return found


def load_ladder(store: ArtifactStore, dataset: str) -> Ladder:
    """The stored ladder, without rungs whose model has changed since, and BD-rates against them.

    Raises:
        ArtifactError: It is missing or damaged.
    """
    return store.load(ladder_key(dataset), lambda artifact: _read(store, artifact))


def compute_ladder(
    tables: Mapping[str, Measurements], trainings: Mapping[str, TrainingSummary] | None = None
) -> Ladder:
    """The ladder from measurements of its rungs and of the reference, on the images all have.

    Args:
        tables: Measurements by codec.
        trainings: How the rungs' models were trained, by codec.
    """
    tables = on_shared_images(tables)
    reference = tables.get(REFERENCE)
    rate = rate_at(reference.curve(), PSNR_DB) if reference else None
    return Ladder(tuple(_steps(tables, trainings or {})), rate)


def _trainings(store: ArtifactStore) -> dict[str, TrainingSummary]:
    from core.training_records.model_cards import read_cards  # pages only read the result

    return {name: card.training for name, card in read_cards(store).cards.items()}


def _steps(
    tables: Mapping[str, Measurements], trainings: Mapping[str, TrainingSummary]
) -> Iterator[Step]:
    previous = None
    for rung in (rung for rung in RUNGS if rung.codec in tables):
        table = tables[rung.codec]
        training = trainings.get(rung.codec, TrainingSummary())
        below, reference = _bd_rate(previous, table), _bd_rate(tables.get(REFERENCE), table)
        yield Step(
            rung.codec,
            *_compared_at(table.curve()),
            *below.percent,
            *reference.percent,
            images=len(table.images),
            note=below.note,
            reference_note=reference.note,
            trained_images=_number(training.images_seen),
            trained_minutes=_number(training.seconds) / 60,
        )
        previous = table


class _BdRate(NamedTuple):
    """BD-rate in percent with its 95 % interval, NaN where there is none, and what weakens it."""

    percent: tuple[float, float, float]
    note: str


def _bd_rate(anchor: Measurements | None, table: Measurements) -> _BdRate:
    from core.analysis.bd_tables import note_of  # SciPy: pages only read the result
    from core.analysis.rate_distortion import compare

    if anchor is None:
        return _BdRate((math.nan, math.nan, math.nan), "")
    found = compare(anchor, table, samples=_SAMPLES)
    percent = (_number(found.value), _number(found.low), _number(found.high))
    return _BdRate(percent, note_of(found))


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _compared_at(curve: Curve) -> tuple[float, float]:
    """Rate and PSNR at which a curve is compared with others.

    A curve that does not reach the PSNR is compared where it has nearly all that it reaches: the
    last tenth of a decibel can cost it twice the bits. One that lies above it, at its lowest.
    """
    rate = rate_at(curve, PSNR_DB)
    if rate is not None:
        return rate, PSNR_DB
    if min(curve.values) > PSNR_DB:
        return min(zip(curve.bits_per_pixel, curve.values, strict=True), key=itemgetter(1))
    close = max(curve.values) - QUANTISATION_LOSS_DB
    points = zip(curve.bits_per_pixel, curve.values, strict=True)
    return min(point for point in points if point[1] >= close)


def _read(store: ArtifactStore, artifact: Artifact) -> Ladder:
    frame: pd.DataFrame = artifact.parsed(
        file_name(artifact.key, "parquet"),
        lambda data: pd.read_parquet(BytesIO(data))[list(Step._fields)],
        reason="is not a table of the ladder",
    )
    models = artifact.facts.get("models", {})
    steps = [Step(*row) for row in frame.itertuples(index=False)]
    current = [_is_current(store, step.codec, models) for step in steps]
    kept = tuple(
        step if below_is_current else _without_step_below(step)
        for step, is_current, below_is_current in zip(
            steps, current, [True, *current], strict=False
        )
        if is_current
    )
    return Ladder(kept, artifact.facts.get("reference_bits_per_pixel"))


def _without_step_below(step: Step) -> Step:
    """The step without its BD-rate against the rung below, whose model has changed since."""
    none = math.nan
    return step._replace(percent=none, low_percent=none, high_percent=none, note=OUTDATED)


def _is_current(store: ArtifactStore, codec: str, models: Mapping[str, str]) -> bool:
    try:
        return model_digest(store, codec) == models.get(codec)
    except ArtifactError:
        return False


def _measurements(artifact: Artifact) -> Measurements:
    table: Measurements = artifact.parsed(
        file_name(artifact.key, "parquet"),
        lambda data: measurements(to_frame(from_parquet(data)), metric=psnr_db.NAME),
        reason="is not a table of measurements",
    )
    return table
