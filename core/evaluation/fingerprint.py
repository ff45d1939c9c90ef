"""Digests of everything that a codec's results depend on, to detect outdated results."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from core.codecs import Codec, Reference, shared_model
from core.codecs.base import OperatingPoint
from core.dataset.image_source import Catalogue
from core.evaluation.deciding_code import deciding_code
from core.metrics import metrics
from core.store import ArtifactStore, MissingArtifact

#: Files of a model that describe it or go on training it; no bit and no pixel depends on them.
_INDECISIVE_FILES = frozenset({"card.json", "config.json", "weights.npz"})
#: Files that decide what a codec writes whose encoder searches with the model of another.
_SEARCH_FILES = frozenset({"config.json", "refinement.onnx"})


@dataclass(frozen=True)
class Fingerprint:
    """Digests of all that the results of a codec on some images depend on.

    Attributes:
        coding: Of what decides bytes and pixels: the images, the sweep, the code of the codec with
            all that it reaches, the versions of the libraries that it uses, and its model.
        metrics: By metric, of what decides its values when the pixels are known: its code, its
            libraries, and the choice of images for a metric that is measured on some only.
    """

    coding: str
    metrics: Mapping[str, str]

    def facts(self) -> dict[str, Any]:
        """The digests as facts of a manifest."""
        return {"fingerprint": self.coding, "metric_fingerprints": dict(self.metrics)}

    def stale_metrics(self, facts: Mapping[str, Any]) -> tuple[str, ...] | None:
        """Metrics to measure so that stored results become up to date.

        Args:
            facts: Facts of the stored results.

        Returns:
            Names of the metrics; none when the results are up to date. None where the coding has
            changed, so that everything is to be measured.
        """
        if facts.get("fingerprint") != self.coding:
            return None
        known = facts.get("metric_fingerprints", {})
        return tuple(name for name, digest in self.metrics.items() if known.get(name) != digest)


class Subject(NamedTuple):
    """What an evaluation measures.

    Attributes:
        fingerprint: Digests of all that the results depend on.
        model: Digest of the codec's model; None where it has none.
        program: Version of the program that the codec runs, where it tells one.
    """

    fingerprint: Fingerprint
    model: str | None
    program: str | None


def subject(
    store: ArtifactStore,
    codec: Codec,
    points: Iterable[OperatingPoint | Reference],
    catalogue: Catalogue,
) -> Subject:
    """What is measured of a codec on some images, as it is now."""
    return Subject(
        fingerprint(store, codec, points, catalogue),
        model=model_digest(store, codec.name),
        program=codec.version() if codec.version else None,
    )


def fingerprint(
    store: ArtifactStore,
    codec: Codec,
    points: Iterable[OperatingPoint | Reference],
    catalogue: Catalogue,
) -> Fingerprint:
    """Digests of all that the results of a codec on some images depend on."""
    code = deciding_code(entries(codec))
    coding = {
        "images": [catalogue.sha256, catalogue.ids],
        "sweep": [[point.setting, point.dial] for point in points],
        "program": codec.version() if codec.version else None,
        "code": code.digest,
        "libraries": code.libraries,
        "model": model_digest(store, codec.name),
    }
    return Fingerprint(
        coding=_digest(coding),
        metrics={name: _metric_digest(name, catalogue) for name in metrics()},
    )


def model_digest(store: ArtifactStore, codec: str) -> str | None:
    """Digest of the files of a codec's model that decide bytes or pixels; None without a model.

    The networks and tables count; the model's card, its configuration and the weights that a
    training goes on from do not. What the encoder searches with counts where it does so by itself.

    Raises:
        ArtifactError: The model's manifest is damaged.
    """
    shared = shared_model(codec)
    indecisive = _INDECISIVE_FILES - _SEARCH_FILES if shared else _INDECISIVE_FILES | _SEARCH_FILES
    try:
        files = store.manifest(f"models/{shared or codec}").files
    except MissingArtifact:
        return None
    return _digest(
        {
            name: entry.sha256
            for name, entry in files.items()
            if name.rpartition("/")[2] not in indecisive
        }
    )


def entries(codec: Codec) -> list[str]:
    """Entry points of what makes the operating points, for `core.evaluation.deciding_code`."""
    if codec.learned:
        return [f"core.codecs.{codec.learned.name}:CODEC"]
    functions = ["sweep", "references"] if codec.references else ["sweep"]
    return [f"core.codecs.{codec.name}:{function}" for function in functions]


def _metric_digest(name: str, catalogue: Catalogue) -> str:
    code = deciding_code([f"core.metrics.{name}:measure"])
    images = catalogue.subset if metrics()[name].ON_SUBSET_ONLY else None
    return _digest({"code": code.digest, "libraries": code.libraries, "images": images})


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
