"""The history of a training: one row per epoch as CSV, and how far the running epoch is."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.models.base import ModelConfig
from core.store import ArtifactStore

Row = Mapping[str, float]


@dataclass(frozen=True)
class History:
    """The history of one model in a store, key `histories/<model>`.

    Attributes:
        store: Where it is.
        model: Name of the model.
        config: Configuration that is saved beside the rows.
    """

    store: ArtifactStore
    model: str
    config: ModelConfig

    def write(self, rows: Sequence[Row], *, running: Mapping[str, Any] | None = None) -> None:
        """Replaces the history.

        Args:
            rows: One per finished epoch.
            running: State of the epoch under way; None when no training runs.
        """
        facts = {"model": self.model, "config": self.config.record(), "running": running}
        files = {f"{self.model}.csv": _to_csv(rows)}
        self.store.commit(f"histories/{self.model}", files, facts=facts)

    def read(self) -> list[dict[str, float]]:
        """Rows that were written last.

        Raises:
            ArtifactError: There is no history, or it is damaged.
        """
        text = self.store.read(f"histories/{self.model}", f"{self.model}.csv").decode()
        rows = csv.DictReader(io.StringIO(text))
        return [{name: _number(value) for name, value in row.items() if value} for row in rows]


def _number(text: str) -> float:
    return int(text) if text.isdigit() else float(text)


def _to_csv(rows: Sequence[Row]) -> bytes:
    text = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(text, names or ["epoch"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
