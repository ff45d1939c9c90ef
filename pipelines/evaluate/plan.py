"""One codec's evaluation as pieces that are kept as soon as they are finished."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from core.codecs import Codec, Reference
from core.codecs.base import OperatingPoint
from core.dataset import image_source
from core.dataset.image_source import Catalogue, ImageSource
from core.evaluation.block import Block
from core.evaluation.facts import MeasuredImages, ResultFacts, Seconds
from core.evaluation.fingerprint import Fingerprint, Subject, model_digest, subject
from core.evaluation.results import result_key
from core.evaluation.table import concatenate, from_parquet, to_parquet, with_metrics
from core.evaluation.table_parts import WrittenTable, write_in_parts
from core.metrics import metrics, smallest_side
from core.store import ArtifactError, ArtifactStore, Manifest
from pipelines.base import UserError
from pipelines.pieces import Pieces

#: A kill loses at most the pieces that are being measured, so they are small; few images are
#: divided further, for all processes to have work.
_MAX_IMAGES = 16
_MIN_BLOCKS = 64


class UselessResults(UserError):
    """Measurements that are not worth storing; what was stored before stays."""


@dataclass(frozen=True)
class Plan:
    """The evaluation of one codec on one data set.

    Attributes:
        store: Where blocks and results are kept.
        dataset: Name of the data set.
        source: Its images.
        catalogue: What the source contains.
        codec: The codec.
        points: Its sweep.
        added: Metrics that are added to stored results; None where everything is measured.
        notes: Number of images by what was noticed when they were decoded; None where unknown.
    """

    store: ArtifactStore
    dataset: str
    source: ImageSource
    catalogue: Catalogue
    codec: Codec
    points: tuple[OperatingPoint | Reference, ...]
    added: tuple[str, ...] | None = None
    notes: Mapping[str, int] | None = None

    @property
    def key(self) -> str:
        """Key of the results."""
        return result_key(self.dataset, self.codec.name)

    @property
    def pieces_key(self) -> str:
        """Key below which the pieces are kept."""
        return f"cache/evaluate/{self.dataset}/{self.codec.name}"

    @cached_property
    def subject(self) -> Subject:
        """What is measured, as it was when this was first asked for."""
        return subject(self.store, self.codec, self.points, self.catalogue)

    @property
    def fingerprint(self) -> Fingerprint:
        """Digests of all that the results depend on."""
        return self.subject.fingerprint

    @cached_property
    def blocks(self) -> dict[str, Block]:
        """The pieces by their name, in the order of the images."""
        ids, subset = self._images, frozenset(self.catalogue.subset)
        size = min(_MAX_IMAGES, max(1, len(ids) // _MIN_BLOCKS))
        pieces = [ids[start : start + size] for start in range(0, len(ids), size)]
        return {
            f"{number:05d}": Block(
                root=self.store.root,
                source=self.source,
                codec=self.codec.name,
                images=piece,
                subset=subset.intersection(piece),
                metrics=self.added,
            )
            for number, piece in enumerate(pieces)
        }

    @cached_property
    def _images(self) -> tuple[str, ...]:
        """Ids of the images to measure: to add a metric, those that it is defined for."""
        if self.added is None:
            return self.catalogue.ids
        chosen = [metrics()[name] for name in self.added]
        on_subset = all(metric.ON_SUBSET_ONLY for metric in chosen)
        side = min((smallest_side(name) for name in self.added), default=1)
        sizes = self._stored_table().select(["image", "width", "height"]).to_pandas()
        large = sizes[(sizes["width"] >= side) & (sizes["height"] >= side)]
        within = set(large["image"].astype(str))
        return tuple(
            image
            for image in (self.catalogue.subset if on_subset else self.catalogue.ids)
            if image in within
        )

    def _stored_table(self) -> pa.Table:
        return from_parquet(self.store.read(self.key, self._file))

    def rows(self, block: Block) -> int:
        """Number of rows that a block gives."""
        return len(block.images) * len(self.points)

    def stale_metrics(self) -> tuple[str, ...] | None:
        """Metrics that the stored results lack; None where everything is to be measured."""
        try:
            facts = self.store.manifest(self.key).facts
            self.store.path(self.key, self._file)
        except ArtifactError:
            return None
        return self.fingerprint.stale_metrics(facts)

    def lacking(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Those of some metrics that the stored results lack, whatever code coded them.

        Raises:
            ArtifactError: There are no results, or they are damaged.
        """
        facts = self.store.manifest(self.key).facts
        self.store.path(self.key, self._file)
        known = facts.get("metric_fingerprints", {})
        return tuple(name for name in names if known.get(name) != self.fingerprint.metrics[name])

    def adding(self, names: tuple[str, ...]) -> "Plan":
        """The plan that measures some metrics only and adds them to the stored results."""
        return self._changed(added=names)

    def noting(self, notes: Mapping[str, int] | None) -> "Plan":
        """The plan whose results tell what was noticed when the images were decoded."""
        return self._changed(notes=notes)

    def _changed(self, **changes: Any) -> "Plan":
        """Another plan of the same subject, which is not looked at again."""
        other = replace(self, **changes)
        other.__dict__["subject"] = self.subject
        return other

    def pending(self) -> dict[str, Block]:
        """The blocks that are still to be measured, by their name."""
        return {
            name: block
            for name, block in self.blocks.items()
            if not self._pieces.is_kept(name, images=list(block.images))
        }

    def keep(self, name: str, data: bytes, *, machine_seconds: float) -> None:
        """Stores a finished block, so that a later run goes on after it.

        Args:
            name: Name of the block.
            data: Its table, as `measure_block` gives it.
            machine_seconds: Time of the whole pool that it took.
        """
        images = list(self.blocks[name].images)
        self._pieces.keep(name, data, images=images, machine_seconds=machine_seconds)

    def finish(self, *, jobs: int) -> Manifest:
        """Commits the codec's results from all its blocks, and removes those.

        Raises:
            UselessResults: Every row is an error, added metrics do not fit to the stored results,
                or the model was replaced meanwhile; what was stored before stays.
        """
        if model_digest(self.store, self.codec.name) != self.subject.model:
            self.discard()
            raise UselessResults(
                f"{self.codec.name}: its model was replaced while it was measured, so nothing was "
                "stored; run the same command again."
            )
        with self.store.staging(self.key) as folder:
            path = folder / self._file
            facts = self._written(path, jobs=jobs) if self.added is None else self._extended(path)
            manifest = self.store.commit(self.key, {self._file: path}, facts=facts.to_json())
        self.discard()
        return manifest

    def discard(self) -> None:
        """Removes all blocks, also those of earlier evaluations."""
        self._pieces.discard()

    @cached_property
    def _pieces(self) -> Pieces:
        wanted = self.fingerprint.coding
        if self.added is None:
            wanted += "".join(sorted(self.fingerprint.metrics.values()))
        else:
            wanted += "".join(self.fingerprint.metrics[name] for name in self.added)
        return Pieces(
            self.store, f"{self.pieces_key}/", hashlib.sha256(wanted.encode()).hexdigest()
        )

    @property
    def _file(self) -> str:
        return f"{self.codec.name}.parquet"

    def _tables(self) -> Iterator[pa.Table]:
        return (from_parquet(self._pieces.read(name)) for name in self.blocks)

    def _written(self, path: Path, *, jobs: int) -> ResultFacts:
        """Writes the results of all blocks; their facts."""
        written = write_in_parts(path, self._tables())
        if written.rows and written.errors == written.rows:
            self.discard()
            raise UselessResults(
                f"{self.codec.name}: all {written.rows} rows are errors, so nothing was stored. "
                f"The first: {written.first_error}"
            )
        return self._facts(written, jobs=jobs)

    def _extended(self, path: Path) -> ResultFacts:
        """Writes the stored results with the added metrics; their facts."""
        stored = self.store.manifest(self.key)
        added = self.added or ()
        table, images = concatenate([*self._tables()]), frozenset(self._images)
        try:
            whole = with_metrics(self._stored_table(), table, added, images=images)
        except ValueError as error:
            self.discard()
            raise UselessResults(
                f"{self.codec.name}: {error} Another version coded them; measure again: --again."
            ) from error
        path.write_bytes(to_parquet(whole))
        facts = ResultFacts.of(stored)
        definitions = {name: metrics()[name].DEFINITION for name in added}
        digests = {name: self.fingerprint.metrics[name] for name in added}
        return replace(
            facts,
            metrics={**facts.metrics, **definitions},
            metric_fingerprints={**facts.metric_fingerprints, **digests},
            subset=self._subset_facts(),
            extended={
                "metrics": list(added),
                "measured": stored.created,
                "commit": stored.commit,
            },
        )

    def _facts(self, written: WrittenTable, *, jobs: int) -> ResultFacts:
        return ResultFacts(
            fingerprint=self.fingerprint.coding,
            metric_fingerprints=self.fingerprint.metrics,
            program=self.subject.program,
            model=self.subject.model,
            dataset=MeasuredImages(self.dataset, self.catalogue.sha256, len(self.catalogue.ids)),
            codec={"label": self.codec.label, "kind": self.codec.kind},
            settings=tuple(point.setting for point in self.points),
            rows=written.rows,
            errors=written.errors,
            metrics={name: metric.DEFINITION for name, metric in metrics().items()},
            subset=self._subset_facts(),
            seconds=self._seconds(written),
            jobs=jobs,
            notes=self.notes,
        )

    def _subset_facts(self) -> Mapping[str, Any]:
        subset = self.catalogue.subset
        return {
            "metrics": [name for name, metric in metrics().items() if metric.ON_SUBSET_ONLY],
            "images": len(subset),
            "sha256": hashlib.sha256("\n".join(subset).encode()).hexdigest(),
            "seed": image_source.SUBSET_SEED,
        }

    def _seconds(self, written: WrittenTable) -> Seconds:
        """Time of codecs and metrics, and time of the pool: the rest is orchestration."""
        machine = sum(self._pieces.facts(name)["machine_seconds"] for name in self.blocks)
        return Seconds(
            codec=round(written.codec_seconds, 3),
            metric=round(written.metric_seconds, 3),
            machine=round(machine, 3),
        )
