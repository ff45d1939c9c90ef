"""Typed facts in the manifest of a codec's results."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from core.store import Manifest


class MeasuredImages(NamedTuple):
    """The images that were measured.

    Attributes:
        name: Name of the data set.
        sha256: Digest of the images.
        images: Their number.
    """

    name: str = ""
    sha256: str = ""
    images: int = 0


class Seconds(NamedTuple):
    """Time that an evaluation took.

    Attributes:
        codec: Of encoding and decoding.
        metric: Of the metrics.
        machine: Of the whole pool of processes.
    """

    codec: float
    metric: float
    machine: float


def measured_images(manifest: Manifest) -> MeasuredImages | None:
    """Images that results were measured on; None where their manifest does not state them."""
    found = manifest.facts.get("dataset")
    if not isinstance(found, Mapping) or "sha256" not in found:
        return None
    known = {name: found[name] for name in MeasuredImages._fields if name in found}
    return MeasuredImages(**known)


def encoder_of(manifest: Manifest) -> str | None:
    """Library, program or model that coded, with its version; None where it is not stated.

    None, too, for an artifact that is no table of results: nothing was coded for it.
    """
    if not manifest.key.startswith("results/"):
        return None
    model = manifest.facts.get("model")
    named = f"model {model[:8]}" if isinstance(model, str) and model else None
    return manifest.facts.get("program") or named


@dataclass(frozen=True)
class ResultFacts:
    """Facts of one codec's results on one data set.

    Attributes:
        dataset: The images.
        codec: Label and kind of the codec when it was measured.
        settings: Settings of its sweep and its references.
        rows: Rows of the table.
        errors: Rows with an error.
        metrics: Definition by metric.
        subset: Which metrics were measured on which part of the images.
        seconds: Time that it took.
        fingerprint: Digest of what decided bytes and pixels (`core.evaluation.fingerprint`).
        metric_fingerprints: Digest by metric of what decided its values.
        model: Digest of the model's deciding files; None for a codec without a model, and for
            results of an earlier version of this program.
        program: Library or program that coded, with its version; None for a model.
        jobs: Processes that measured.
        verified: When, by which commit and on what sample the results were measured again and
            found equal; None where they were not.
        extended: Metrics that were added later, and when the rest was measured.
        notes: Number of images by what was noticed when they were decoded, such as the blocks of
            an earlier compression; of a prepared data set, its own manifest has them.
    """

    dataset: MeasuredImages
    codec: Mapping[str, str]
    settings: tuple[str, ...]
    rows: int
    errors: int
    metrics: Mapping[str, str]
    subset: Mapping[str, Any]
    seconds: Seconds
    fingerprint: str = ""
    metric_fingerprints: Mapping[str, str] = field(default_factory=dict)
    model: str | None = None
    program: str | None = None
    jobs: int | None = None
    verified: Mapping[str, Any] | None = None
    extended: Mapping[str, Any] | None = None
    notes: Mapping[str, int] | None = None

    @classmethod
    def of(cls, manifest: Manifest) -> "ResultFacts":
        """Facts of a manifest; what an earlier version did not write has its default.

        Raises:
            ValueError: The manifest is not one of results.
        """
        facts = manifest.facts
        try:
            known = {name: facts[name] for name in cls.__dataclass_fields__ if name in facts}
            known["dataset"] = MeasuredImages(**facts["dataset"])
            known["seconds"] = Seconds(**facts["seconds"])
            known["settings"] = tuple(facts["settings"])
            return cls(**known)
        except (KeyError, TypeError) as error:
            raise ValueError(
                f"Expected the facts of results; {manifest.key} has other ones."
            ) from error

    def to_json(self) -> dict[str, Any]:
        """The facts as JSON values, without those that are not known."""
        values = asdict(self)
        values["dataset"] = self.dataset._asdict()
        values["seconds"] = self.seconds._asdict()
        values["settings"] = list(self.settings)
        return {name: value for name, value in values.items() if value is not None}
