"""Typed facts in the manifest of a training history."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from core.store import Artifact
from core.training_records.previews import PREVIEWS


@dataclass(frozen=True)
class HistoryFacts:
    """Facts of an artifact `histories/<name>`.

    Attributes:
        model: Name of the model.
        architecture: Name of the model's module; differs from `model` if the user chose a name.
        config: Configuration of the training.
        running: State of the current epoch; empty when no training runs.
        previews: Epoch of each row of the artifact's image, from the top.
        run: Identity of the training that wrote it; empty for one of an earlier version.
        ended_by: By which rule the training ended, as in the model card; empty until then.
        minutes: Time limit that ends it in place of a number of epochs; None for none.
        best_epoch: Epoch whose weights are kept; None before the first, and where an earlier
            version wrote the history.
        stage_starts: First epoch of each stage; losses of different stages are not comparable,
            because a stage may weight its terms differently or validate on other images.
        first_stop: Epoch after which the training would first have ended, by early stopping or
            because it diverged, had the learning rate not been lowered; None where that was not so.
        undone_epochs: How often an epoch diverged and was undone.
    """

    model: str = ""
    architecture: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    running: Mapping[str, Any] = field(default_factory=dict)
    previews: tuple[int, ...] = ()
    run: str = ""
    ended_by: str = ""
    minutes: float | None = None
    best_epoch: int | None = None
    stage_starts: tuple[int, ...] = (1,)
    first_stop: int | None = None
    undone_epochs: int = 0

    @classmethod
    def of(cls, artifact: Artifact) -> "HistoryFacts":
        """Facts of a history.

        Raises:
            DamagedArtifact: The facts do not have the expected form.
        """
        facts = artifact.facts
        try:
            return cls(
                model=str(facts.get("model", "")),
                architecture=str(facts.get("architecture", facts.get("model", ""))),
                config=_mapping(facts.get("config")),
                running=_mapping(facts.get("running")),
                previews=tuple(int(epoch) for epoch in facts.get(PREVIEWS) or ()),
                run=str(facts.get("run", "")),
                ended_by=str(facts.get("ended_by", "")),
                minutes=None if facts.get("minutes") is None else float(facts["minutes"]),
                best_epoch=int(facts["best_epoch"]) if facts.get("best_epoch") else None,
                stage_starts=tuple(int(epoch) for epoch in facts.get("stage_starts") or (1,)),
                first_stop=int(facts["first_stop"]) if facts.get("first_stop") else None,
                undone_epochs=int(facts.get("undone_epochs", 0)),
            )
        except (TypeError, ValueError, OverflowError) as error:
            raise artifact.damaged_facts("does not hold the facts of a history") from error

    def record(self) -> dict[str, Any]:
        """The facts as JSON values."""
        facts = asdict(self) | {"running": self.running or None}
        facts[PREVIEWS] = list(facts.pop("previews"))
        return facts | {"stage_starts": list(self.stage_starts)}


def _mapping(value: Any) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise TypeError(f"Expected an object; received {type(value).__name__}.")
    return value
