"""Names of codecs and models on the screen and in reports: one for each, everywhere."""

from collections.abc import Mapping
from contextlib import suppress

from core.analysis.ladder import CONFIGURATIONS
from core.codecs import codecs, find_codec
from core.store import ArtifactError, ArtifactStore
from core.store.key import last_part

#: Display label by model that is trained for the ladder alone.
_STEPS = {rung.codec: f"Ladder: {rung.label[0].lower()}{rung.label[1:]}" for rung in CONFIGURATIONS}


def labels() -> dict[str, str]:
    """Display label by codec; a configuration that is trained for the ladder alone says so."""
    return {name: codec.label for name, codec in codecs().items()} | _STEPS


def label_of(codec: str) -> str:
    """Display label of a codec; of one that cannot run here, that which its results have."""
    if codec in _STEPS:
        return _STEPS[codec]
    known = find_codec(codec)
    return known.label if known else _measured_label(codec) or codec


def _measured_label(codec: str) -> str:
    """Label of a codec where it was measured; empty where no results tell."""
    store = ArtifactStore.default()
    for key in store.keys("results/"):
        if last_part(key) == codec:
            with suppress(ArtifactError):
                found = store.manifest(key).facts.get("codec")
                if isinstance(found, Mapping) and found.get("label"):
                    return str(found["label"])
    return ""


def label_of_study(name: str, model: str) -> str:
    """Display label of a search of a model, with its name where that is not the model's."""
    return label_of(model) if name == model else f"{label_of(model)}: {name}"
