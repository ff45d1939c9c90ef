"""One part of the benchmark as resumable pieces, each stored as soon as it is finished."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd
import psutil

from core.evaluation.deciding_code import deciding_code
from core.store import ArtifactError, ArtifactStore, Manifest
from core.store.provenance import provenance
from core.timing.table import Timing, benchmark_key, from_parquet, to_parquet
from pipelines.benchmark.blocks import TimingBlock
from pipelines.pieces import Pieces

#: Modules that influence the measurements, besides those of the codecs or models.
_SOURCES = ("core.evaluation.evaluate:evaluate", "core.timing.images")


@dataclass(frozen=True)
class Part:
    """One artifact of the benchmark.

    Attributes:
        store: Where it is kept.
        name: Last part of its key.
        blocks: Its pieces, in the order in which they are measured.
        sources: Modules that influence the measurements.
        models: Prefixes of the artifacts that the measurements depend on.
        facts: Metadata.
        compared: Names of facts that outdate measurements, too, where they were stored otherwise.
            Whole parts without the fact, which an earlier version stored, are still of use.
    """

    store: ArtifactStore
    name: str
    blocks: Sequence[TimingBlock]
    sources: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    compared: tuple[str, ...] = ()

    @property
    def pieces_key(self) -> str:
        """Key below which the pieces are kept."""
        return f"cache/benchmark/{self.name}"

    @cached_property
    def fingerprint(self) -> str:
        """Digest of all that the measurements depend on, the machine included."""
        program = provenance()
        content = {
            "blocks": [block.name for block in self.blocks],
            "code": deciding_code([*_SOURCES, *self.sources]).digest,
            "program": [program[name] for name in ("python", "versions", "cpu", "cpu_count")],
            "models": {
                key: [entry.sha256 for entry in self.store.manifest(key).files.values()]
                for prefix in self.models
                for key in self.store.keys(prefix)
            },
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def is_done(self) -> bool:
        """Whether the stored measurements are of this program, these rounds and this machine."""
        key = benchmark_key(self.name)
        try:
            self.store.path(key, f"{self.name}.parquet")
            found = self.store.manifest(key).facts
        except ArtifactError:
            return False
        is_same = all(found.get(name, fact) == fact for name, fact in self._compared.items())
        return bool(found.get("fingerprint") == self.fingerprint) and is_same

    def pending(self) -> list[TimingBlock]:
        """The pieces that are still to be measured."""
        kept = self._pieces.is_kept
        return [block for block in self.blocks if not kept(block.name, **self._compared)]

    def keep(
        self, block: TimingBlock, timings: Sequence[Timing], *, busy_cores_before: float | None
    ) -> None:
        """Stores a finished piece, so that a later run goes on after it.

        Args:
            block: The piece.
            timings: Its measurements.
            busy_cores_before: Cores that other programs kept busy before the run.
        """
        data = to_parquet(timings)
        facts = {**self._compared, "busy_cores_before": busy_cores_before}
        self._pieces.keep(block.name, data, **facts)

    def finish(self) -> Manifest:
        """Commits the part from all its pieces, and removes those."""
        tables = [self._read(block) for block in self.blocks]
        rows = pd.concat(tables, ignore_index=True).to_dict("records")
        timings = [
            Timing(**{str(name): _plain(value) for name, value in row.items()}) for row in rows
        ]
        facts = {**self.facts, "fingerprint": self.fingerprint, "rows": len(timings)}
        facts |= {"errors": sum(timing.error is not None for timing in timings)}
        facts["machine"] = {
            "memory_bytes": psutil.virtual_memory().total,
            "busy_cores_before": self._busy_cores_before(),
        }
        files = {f"{self.name}.parquet": to_parquet(timings)}
        manifest = self.store.commit(benchmark_key(self.name), files, facts=facts)
        self.discard()
        return manifest

    def discard(self) -> None:
        """Removes all pieces, also those of earlier benchmarks."""
        self._pieces.discard()

    @property
    def _compared(self) -> dict[str, Any]:
        return {name: self.facts[name] for name in self.compared}

    @cached_property
    def _pieces(self) -> Pieces:
        return Pieces(self.store, f"{self.pieces_key}/", self.fingerprint)

    def _read(self, block: TimingBlock) -> pd.DataFrame:
        return from_parquet(self._pieces.read(block.name))

    def _busy_cores_before(self) -> float | None:
        """Maximum load by other programs before any of the runs that made the pieces."""
        facts = [self._pieces.facts(block.name) for block in self.blocks]
        known = [
            fact["busy_cores_before"] for fact in facts if fact["busy_cores_before"] is not None
        ]
        return max(known, default=None)


def busy_cores(seconds: float) -> float:
    """Number of cores that the machine's programs currently use.

    Args:
        seconds: How long to watch.
    """
    return (psutil.cpu_count() or 1) * psutil.cpu_percent(interval=seconds) / 100


def _plain(value: Any) -> Any:
    """Value of a cell with None for a missing one."""
    return None if pd.isna(value) else value
