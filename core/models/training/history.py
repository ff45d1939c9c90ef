"""The history of a training: a row per epoch as CSV, a preview per epoch, the running epoch."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.models.base import ModelConfig
from core.models.training.divergence import undone_epochs
from core.models.training.progress import Progress
from core.store import ArtifactError, ArtifactStore
from core.store.key import file_name
from core.training_records.history_facts import HistoryFacts
from core.training_records.previews import PreviewStack, read_previews

_PREFIX = "histories/"

Row = Mapping[str, float]


@dataclass
class History:
    """The history of one model in a store, key `histories/<model>`.

    Attributes:
        store: Where it is.
        model: Name of the model.
        config: Configuration that is saved beside the rows.
        architecture: Name of the model's module; the model's own when empty.
        previews: Reconstructions of the preview's images after each epoch.
        minutes: Time limit of the current plan; None for none.
        progress: State of the training that writes it, which knows its identity and best epoch.
    """

    store: ArtifactStore
    model: str
    config: ModelConfig
    architecture: str = ""
    previews: PreviewStack = field(default_factory=PreviewStack)
    minutes: float | None = None
    progress: Progress = field(default_factory=Progress)

    @property
    def key(self) -> str:
        """The artifact."""
        return f"{_PREFIX}{self.model}"

    def write(
        self,
        rows: Sequence[Row],
        *,
        running: Mapping[str, Any] | None = None,
        ended_by: str = "",
    ) -> None:
        """Replaces the history.

        Args:
            rows: One per finished epoch.
            running: State of the current epoch; None when no training runs.
            ended_by: By which rule the training ended; empty while it runs.
        """
        facts = HistoryFacts(
            model=self.model,
            architecture=self.architecture or self.model,
            config=self.config.record(),
            running=running or {},
            previews=tuple(self.previews.numbers),
            run=self.progress.run,
            ended_by=ended_by,
            minutes=self.minutes,
            best_epoch=self.progress.best_epoch or None,
            stage_starts=tuple(self.progress.stage_starts),
            first_stop=self.progress.first_stop or None,
            undone_epochs=undone_epochs(self.progress),
        )
        files = {file_name(self.key, "csv"): _to_csv(rows)}
        if self.previews.rows:
            files[file_name(self.key, "png")] = self.previews.to_png()
        self.store.commit(self.key, files, facts=facts.record())

    def read(self, *, model: str | None = None) -> list[dict[str, float]]:
        """Rows that were written last.

        Args:
            model: Name of the model whose history is read; this one's own when None.

        Raises:
            ArtifactError: There is no history, or it is damaged.
        """
        artifact = self.store.open(f"{_PREFIX}{model or self.model}")
        reason = "is not a table of numbers, one row per epoch"
        return artifact.parsed(artifact.file("csv"), _from_csv, reason=reason)

    def stored_run(self, *, model: str | None = None) -> str:
        """Identity of the training whose rows were written last; empty where it has none.

        Args:
            model: Name of the model whose history is read; this one's own when None.

        Raises:
            ArtifactError: There is no history, or it is damaged.
        """
        return HistoryFacts.of(self.store.open(f"{_PREFIX}{model or self.model}")).run

    def recall_previews(
        self, *, epochs: int, warn: Callable[[str], None], model: str | None = None
    ) -> None:
        """Loads the stored previews into a training that resumes.

        Those of another training under the same name are not its own, and are left.

        Args:
            epochs: Number of finished epochs; previews of later ones are dropped.
            warn: Called with a message if the previews are lost; the training continues.
            model: Name of the model whose previews they are; this one's own when None.
        """
        try:
            if model is None and self.stored_run() != self.progress.run:
                warn("the previews of earlier epochs are lost: those here are of another training")
                return
            found = read_previews(self.store, f"{_PREFIX}{model or self.model}").rows
        except ArtifactError as error:
            warn(f"the previews of earlier epochs are lost: {error.location} {error.reason}")
            return
        self.previews.replace({epoch: row for epoch, row in found.items() if epoch <= epochs})


def _from_csv(data: bytes) -> list[dict[str, float]]:
    rows = csv.DictReader(io.StringIO(data.decode()))
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
