"""What Compare shows at first: the first built-in photograph at equal bytes, computed beforehand.

Every visitor sees it and nobody has asked for it, so it is measured when results are committed and
not on a server that has just started. It is the outcome of the same search, with the files, the
decoded pixels and the figures; what any other image or setting gives is computed when it is asked.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from core.codecs import get_codec
from core.evaluation.comparison import (
    BYTES,
    CodecConfig,
    Goal,
    Reached,
    Reconstruction,
    goal_like,
    reconstruct,
    reconstruct_at,
)
from core.evaluation.fingerprint import model_digest
from core.evaluation.record import Record
from core.evaluation.search_starts import COMPARED_FIRST, default_position
from core.images import Image
from core.metrics import metrics
from core.plain_english import counted
from core.png import decode_png, encode_png
from core.store import Artifact, ArtifactError, ArtifactStore

KEY = "statistics/first_comparison"
_NAME = "first_comparison"
FILE = f"{_NAME}.json"


@dataclass(frozen=True)
class Compared:
    """One codec of the comparison: what was asked for, and what came of it.

    Attributes:
        config: The codec.
        goal: Size that a search brought it to; None for the codec that gives the size.
        reconstruction: File, decoded image and figures.
        model: Digest of the model that made it; None for a codec without one.
    """

    config: CodecConfig
    goal: Goal | None
    reconstruction: Reconstruction
    model: str | None


@dataclass(frozen=True)
class FirstComparison:
    """The comparison as it is stored.

    Attributes:
        title: Title of the photograph.
        compared: The codecs whose stored model is still the one that was measured.
    """

    title: str
    compared: tuple[Compared, ...]


def measure_first(image: Image, store: ArtifactStore) -> list[Compared]:
    """The codecs that Compare shows first, at the bytes of the first one, by all metrics.

    Args:
        image: The photograph.
        store: Where learned codecs find their weights; those without weights are left out.
    """
    reference, *others = COMPARED_FIRST
    config = CodecConfig(reference, default_position(reference))
    first = reconstruct(config, image, metrics=metrics(), store=store)
    goal = goal_like(first, BYTES)
    found = [Compared(config, None, first, None)]
    for name in others:
        config = CodecConfig(name)
        reached = reconstruct_at(goal, config, image, metrics=metrics(), store=store)
        found.append(Compared(config, goal, reached, model_digest(store, name)))
    return [one for one in found if one.reconstruction.data is not None]


def commit_first(title: str, found: list[Compared], store: ArtifactStore) -> None:
    """Stores a comparison of the photograph with that title."""
    files: dict[str, bytes] = {}
    for one in found:
        shown = one.reconstruction
        if shown.data is None or shown.decoded is None:
            raise ValueError(f"There is nothing to store of {shown.label}: {shown.problem}")
        files[_file(one.config.codec, shown.suffix)] = shown.data
        files[_decoded_file(one.config.codec)] = encode_png(shown.decoded)
    text = json.dumps({"title": title, "compared": [_plain(one) for one in found]}, indent=1)
    files[FILE] = f"{text}\n".encode()
    store.commit(KEY, files, facts={"photograph": title})


def load_first(store: ArtifactStore) -> FirstComparison | None:
    """The stored comparison; None where none was measured.

    Raises:
        ArtifactError: It is not as it was written.
    """
    if not store.exists(KEY):
        return None
    artifact = store.open(KEY)
    found = artifact.parsed(FILE, partial(_parsed, artifact), reason="is no comparison")
    return replace(found, compared=tuple(one for one in found.compared if _is_current(one, store)))


def _parsed(artifact: Artifact, text: bytes) -> FirstComparison:
    plain = json.loads(text)
    compared = tuple(_restored(one, artifact) for one in plain["compared"])
    return FirstComparison(plain["title"], compared)


def _is_current(one: Compared, store: ArtifactStore) -> bool:
    try:
        return model_digest(store, one.config.codec) == one.model
    except ArtifactError:
        return False


def _file(codec: str, suffix: str) -> str:
    return f"{_NAME}/{codec}{suffix}"


def _decoded_file(codec: str) -> str:
    return f"{_NAME}/{codec}.decoded.png"


def _plain(one: Compared) -> dict[str, Any]:
    shown = one.reconstruction
    return {
        "codec": one.config.codec,
        "dial": one.config.dial,
        "goal": asdict(one.goal) if one.goal else None,
        "record": asdict(shown.record),
        "match": asdict(shown.match) if shown.match else None,
        "model": one.model,
    }


def _restored(plain: Mapping[str, Any], artifact: Artifact) -> Compared:
    codec = get_codec(plain["codec"])
    goal, match = plain["goal"], plain["match"]
    shown = Reconstruction(
        codec.label,
        codec.suffix,
        Record(**plain["record"]),
        data=artifact.read(_file(codec.name, codec.suffix)),
        decoded=decode_png(artifact.read(_decoded_file(codec.name))),
        match=Reached(**match) if match else None,
        measured_on=_machine(artifact.manifest.provenance),
    )
    config = CodecConfig(codec.name, plain["dial"])
    return Compared(config, Goal(**goal) if goal else None, shown, plain["model"])


def _machine(provenance: Mapping[str, Any]) -> str:
    count = provenance.get("cpu_count")
    cores = counted(count, "core") if isinstance(count, int) else "an unknown number of cores"
    return f"{provenance.get('cpu')}, {cores}"
