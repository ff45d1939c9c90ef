"""Measures a sample of stored results again and says whether they are what would come out now."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from core.codecs import codecs
from core.dataset.image_source import Catalogue
from core.evaluation.block import Block, measure_block
from core.evaluation.facts import ResultFacts
from core.evaluation.fingerprint import model_digest
from core.evaluation.table import from_parquet, to_frame
from core.metrics import metrics
from core.plain_english import counted
from core.store import ArtifactError, Manifest
from core.store.provenance import provenance
from pipelines.evaluate.plan import Plan

#: A smaller sample says too little of a whole sweep.
MIN_IMAGES = 24
SETTINGS = 3
#: Tables keep metrics as float32, so that two values may differ by its rounding; beyond that, by
#: this much.
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Verification:
    """A sample of one codec's results beside the same sample measured now.

    Attributes:
        plan: The evaluation whose results were verified.
        images: Images of the sample.
        settings: Settings of the sample.
        rows: Rows compared.
        differences: One line for each way in which the stored results differ; none when equal.
        metric_differences: By metric, the largest absolute difference.
    """

    plan: Plan
    images: int
    settings: tuple[str, ...]
    rows: int
    differences: tuple[str, ...]
    metric_differences: dict[str, float]

    @property
    def is_equal(self) -> bool:
        """Whether sizes of files are equal, and metrics to the precision of the table."""
        return not self.differences and self.rows > 0

    def __str__(self) -> str:
        name = self.plan.codec.name
        sample = f"{counted(self.images, 'image')} at {', '.join(self.settings)}"
        if not self.is_equal:
            return f"{name}: differs. {' '.join(self.differences)} ({sample})"
        worst = max(self.metric_differences.values(), default=0.0)
        return (
            f"{name}: equal. All {self.rows} files have the stored size and every metric the "
            f"stored value as float32 (largest difference {worst:.1e}; {sample})."
        )


def verify(plan: Plan, executor: Executor, *, count: int) -> Verification:
    """A sample of the stored results of a codec, measured again.

    The sample holds images from the whole data set, among them those with slow metrics first, at
    the ends and in the middle of the sweep, and the codec's references.

    Args:
        plan: The evaluation whose stored results are verified.
        executor: Where to measure.
        count: Images in the sample.

    Raises:
        ArtifactError: The results or the images are missing or damaged.
    """
    stored = plan.store.manifest(plan.key)
    images = sample(plan.catalogue, count)
    settings = _settings(plan)
    facts = ResultFacts.of(stored)
    names = _stored_metrics(facts)
    mismatch = tuple(_other_subject(plan, facts))
    if mismatch:
        return Verification(plan, len(images), settings, 0, mismatch, {})
    before = _rows(
        plan.store.read(plan.key, f"{plan.codec.name}.parquet"), images=images, settings=settings
    )
    now = _measured(plan, executor, names, images=images, settings=settings)
    differences = tuple(_differences(before, now, names))
    distances = {} if differences else _distances(before, now, names)
    return Verification(plan, len(images), settings, len(now), differences, distances)


def stamp(found: Verification) -> Manifest:
    """Manifest of verified results with the present fingerprints and the sample they rest on.

    When and by what they were measured stays as it was.

    Raises:
        ValueError: The results were found to differ.
    """
    if not found.is_equal:
        raise ValueError(f"Only results that were found equal are stamped; received {found}")
    plan = found.plan
    facts = ResultFacts.of(plan.store.manifest(plan.key))
    program = provenance()
    sampled = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": program["commit"],
        "images": found.images,
        "settings": list(found.settings),
        "rows": found.rows,
        "metrics": sorted(found.metric_differences),
        "largest_difference": max(found.metric_differences.values(), default=0.0),
    }
    present = replace(
        facts,
        codec={"label": plan.codec.label, "kind": plan.codec.kind},
        fingerprint=plan.fingerprint.coding,
        metric_fingerprints={
            name: plan.fingerprint.metrics[name] for name in _stored_metrics(facts)
        },
        program=plan.codec.version() if plan.codec.version else None,
        model=model_digest(plan.store, plan.codec.name),
        verified=sampled,
    )
    return plan.store.restate(plan.key, present.to_json())


def sample(catalogue: Catalogue, count: int) -> tuple[str, ...]:
    """Ids of evenly spaced images, of those with slow metrics where there are enough of them."""
    ids = catalogue.subset if len(catalogue.subset) >= count else catalogue.ids
    indices = np.unique(np.linspace(0, len(ids) - 1, min(count, len(ids))).round().astype(int))
    return tuple(ids[index] for index in indices)


def has_results(plan: Plan) -> bool:
    """Whether there are results to verify."""
    try:
        plan.store.manifest(plan.key)
    except ArtifactError:
        return False
    return plan.codec.name in codecs()


def _settings(plan: Plan) -> tuple[str, ...]:
    """Settings at the ends and in the middle of the sweep, and of the references."""
    curve = [point.setting for point in plan.points if hasattr(point, "encode")]
    indices = np.unique(np.linspace(0, len(curve) - 1, SETTINGS).round().astype(int))
    references = [point.setting for point in plan.points if not hasattr(point, "encode")]
    return (*(curve[index] for index in indices), *references)


def _other_subject(plan: Plan, facts: ResultFacts) -> Iterator[str]:
    if facts.dataset.sha256 != plan.catalogue.sha256:
        yield "The stored results are of other images."
    if list(facts.settings) != [point.setting for point in plan.points]:
        yield "The stored results are of another sweep."


def _stored_metrics(facts: ResultFacts) -> tuple[str, ...]:
    """Metrics that the results have: one that was written since is added, not verified."""
    return tuple(name for name in metrics() if name in facts.metrics)


def _measured(
    plan: Plan,
    executor: Executor,
    names: tuple[str, ...],
    *,
    images: Sequence[str],
    settings: Sequence[str],
) -> pd.DataFrame:
    """Rows of the sample, measured now; each image is one piece of work."""
    subset = frozenset(plan.catalogue.subset)
    blocks = [
        Block(
            root=plan.store.root,
            source=plan.source,
            codec=plan.codec.name,
            images=(image,),
            subset=subset & {image},
            metrics=names,
            settings=tuple(settings),
        )
        for image in images
    ]
    tables = executor.map(measure_block, blocks)
    return _sorted(pd.concat([to_frame(from_parquet(table)) for table in tables]))


def _rows(data: bytes, *, images: Sequence[str], settings: Sequence[str]) -> pd.DataFrame:
    frame = to_frame(from_parquet(data))
    return _sorted(frame[frame["image"].isin(images) & frame["setting"].isin(settings)])


def _sorted(frame: pd.DataFrame) -> pd.DataFrame:
    named = frame.astype({"image": str, "setting": str})
    return named.sort_values(["image", "setting"]).reset_index(drop=True)


def _differences(before: pd.DataFrame, now: pd.DataFrame, names: Sequence[str]) -> Iterator[str]:
    if not before[["image", "setting"]].equals(now[["image", "setting"]]):
        yield f"Rows of the sample that are stored: {len(before)}; measured were {len(now)}."
        return
    failed = now[now["error"].notna() & before["error"].isna()]
    if len(failed):
        yield f"{counted(len(failed), 'row')} failed now; the first: {failed['error'].iloc[0]}"
    for column in ("bytes", "lossless"):
        unequal = ~(before[column].eq(now[column]) | (before[column].isna() & now[column].isna()))
        if unequal.any():
            yield f"{column} differs in {int(unequal.sum())} of {counted(len(now), 'row')}."
    for name in names:
        unequal = ~_is_close(before[name], now[name])
        if unequal.any():
            worst = float((before[name] - now[name]).abs().max())
            rows = counted(int(unequal.sum()), "row")
            yield f"{name} differs in {rows}, by up to {worst:.2g}."


def _is_close(before: "pd.Series[float]", now: "pd.Series[float]") -> "pd.Series[bool]":
    """Whether values are equal to one unit in the last place of float32, or to the tolerance."""
    old, new = before.to_numpy(np.float32), now.to_numpy(np.float32)
    allowed = np.maximum(np.spacing(np.abs(old)), np.float32(TOLERANCE))
    close = np.abs(old - new) <= allowed
    return pd.Series(close | (np.isnan(old) & np.isnan(new)))


def _distances(before: pd.DataFrame, now: pd.DataFrame, names: Sequence[str]) -> dict[str, float]:
    return {
        name: float((before[name] - now[name]).abs().max())
        for name in names
        if now[name].notna().any()
    }
