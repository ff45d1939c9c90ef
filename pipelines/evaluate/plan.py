"""One codec's evaluation as pieces that are kept as soon as they are finished."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from core.codecs import Codec, Reference
from core.codecs.base import OperatingPoint
from core.dataset import image_source
from core.dataset.image_source import Catalogue, ImageSource
from core.evaluation.block import Block
from core.evaluation.evaluate import result_key
from core.evaluation.fingerprint import fingerprint
from core.evaluation.table import concatenate, from_parquet, to_parquet
from core.metrics import metrics
from core.store import ArtifactError, ArtifactStore, Manifest
from core.store.key import file_name

#: A kill loses at most the pieces that are being measured, so they are small; few images are
#: divided further, for all processes to have work.
_MOST_IMAGES = 16
_FEWEST_BLOCKS = 64


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
    """

    store: ArtifactStore
    dataset: str
    source: ImageSource
    catalogue: Catalogue
    codec: Codec
    points: tuple[OperatingPoint | Reference, ...]

    @property
    def key(self) -> str:
        """Key of the results."""
        return result_key(self.dataset, self.codec.name)

    @cached_property
    def fingerprint(self) -> str:
        """Digest of all that the results depend on."""
        return fingerprint(self.store, self.codec, self.points, self.catalogue)

    @cached_property
    def blocks(self) -> dict[str, Block]:
        """The pieces by their key, in the order of the images."""
        ids, subset = self.catalogue.ids, frozenset(self.catalogue.subset)
        size = min(_MOST_IMAGES, max(1, len(ids) // _FEWEST_BLOCKS))
        pieces = [ids[start : start + size] for start in range(0, len(ids), size)]
        return {
            f"{self._cache}{number:05d}": Block(
                self.store.root, self.source, self.codec.name, piece, subset.intersection(piece)
            )
            for number, piece in enumerate(pieces)
        }

    def rows(self, block: Block) -> int:
        """Number of rows that a block gives."""
        return len(block.images) * len(self.points)

    def is_done(self) -> bool:
        """Whether the stored results are those that this evaluation would give again."""
        wanted = self.fingerprint  # taken before the work starts, in which the code may be edited
        try:
            facts = self.store.manifest(self.key).facts
            self.store.path(self.key, f"{self.codec.name}.parquet")
        except ArtifactError:
            return False
        return bool(facts.get("fingerprint") == wanted)

    def pending(self) -> dict[str, Block]:
        """The blocks that are still to be measured, by their key."""
        return {key: block for key, block in self.blocks.items() if not self._is_kept(key, block)}

    def keep(self, key: str, data: bytes, *, machine_seconds: float) -> None:
        """Stores a finished block, so that a later run goes on after it.

        Args:
            key: Key of the block.
            data: Its table, as `measure_block` gives it.
            machine_seconds: Time of the whole pool that it took.
        """
        facts = {
            "fingerprint": self.fingerprint,
            "images": list(self.blocks[key].images),
            "machine_seconds": machine_seconds,
        }
        self.store.commit(key, {_file(key): data}, facts=facts)

    def finish(self, *, jobs: int) -> Manifest:
        """Commits the codec's results from all its blocks, and removes those."""
        table = concatenate([from_parquet(self.store.read(key, _file(key))) for key in self.blocks])
        facts = self._facts(table) | {"jobs": jobs}
        files = {f"{self.codec.name}.parquet": to_parquet(table)}
        manifest = self.store.commit(self.key, files, facts=facts)
        self.discard()
        return manifest

    def discard(self) -> None:
        """Removes all blocks, also those of earlier evaluations."""
        for key in self.store.keys(self._cache):
            self.store.delete(key)

    @property
    def _cache(self) -> str:
        return f"cache/evaluate/{self.dataset}/{self.codec.name}/"

    def _is_kept(self, key: str, block: Block) -> bool:
        try:
            facts = self.store.manifest(key).facts
            self.store.path(key, _file(key))
        except ArtifactError:
            return False
        return (facts["fingerprint"], facts["images"]) == (self.fingerprint, list(block.images))

    def _facts(self, table: pa.Table) -> dict[str, Any]:
        return {
            "fingerprint": self.fingerprint,
            "dataset": {
                "name": self.dataset,
                "sha256": self.catalogue.sha256,
                "images": len(self.catalogue.ids),
            },
            "codec": {"label": self.codec.label, "kind": self.codec.kind},
            "settings": [point.setting for point in self.points],
            "rows": table.num_rows,
            "errors": table.num_rows - table["error"].null_count,
            "metrics": {name: metric.DEFINITION for name, metric in metrics().items()},
            "subset": self._subset_facts(),
            "seconds": self._seconds(table),
        }

    def _subset_facts(self) -> dict[str, Any]:
        subset = self.catalogue.subset
        return {
            "metrics": [name for name, metric in metrics().items() if metric.ON_SUBSET_ONLY],
            "images": len(subset),
            "sha256": hashlib.sha256("\n".join(subset).encode()).hexdigest(),
            "seed": image_source.SUBSET_SEED,
        }

    def _seconds(self, table: pa.Table) -> dict[str, float]:
        """Time of codecs and metrics, and time of the pool: the rest is orchestration."""
        facts = [self.store.manifest(key).facts for key in self.blocks]
        return {
            "codec": _total(table, "encode_seconds") + _total(table, "decode_seconds"),
            "metric": _total(table, "metric_seconds"),
            "machine": round(sum(fact["machine_seconds"] for fact in facts), 3),
        }


def _total(table: pa.Table, column: str) -> float:
    return round(pc.sum(table[column].cast("float64")).as_py() or 0.0, 3)


def _file(key: str) -> str:
    return file_name(key, "parquet")
