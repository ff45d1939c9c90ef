"""Names of codecs and models on the screen and in reports: one for each, everywhere."""

from collections.abc import Iterable, Mapping
from contextlib import suppress

from core.analysis.ladder import CONFIGURATIONS
from core.codecs import codecs, find_codec
from core.evaluation.facts import encoder_of
from core.store import ArtifactError, ArtifactStore, Manifest
from core.store.key import last_part

#: Display label by model that is trained for the ladder alone.
_STEPS = {rung.codec: f"Ladder: {rung.label[0].lower()}{rung.label[1:]}" for rung in CONFIGURATIONS}

#: Where the store keeps tables of results.
_RESULTS = "results/"


def labels(store: ArtifactStore | None = None) -> dict[str, str]:
    """Display label by codec, also of those that cannot run here but have results.

    A configuration that is trained for the ladder alone says so.

    Args:
        store: Where the results and the user's own models are; the default store when None.
    """
    known = {name: codec.label for name, codec in codecs(store).items()} | _STEPS
    return _measured_labels(store or ArtifactStore.default(), beside=known) | known


def label_of(codec: str) -> str:
    """Display label of a codec; of one that cannot run here, that which its results have."""
    if codec in _STEPS:
        return _STEPS[codec]
    known = find_codec(codec)
    return known.label if known else labels().get(codec, codec)


def _measured_labels(store: ArtifactStore, *, beside: Mapping[str, str]) -> dict[str, str]:
    """Label by codec as the results tell it, of the codecs that are not known without them."""
    measured: dict[str, str] = {}
    for key in store.keys(_RESULTS):
        name = last_part(key)
        if name in beside or name in measured:
            continue
        with suppress(ArtifactError):
            found = store.manifest(key).facts.get("codec")
            if isinstance(found, Mapping) and found.get("label"):
                measured[name] = str(found["label"])
    return measured


def label_of_study(name: str, model: str) -> str:
    """Display label of a search of a model, with its name where that is not the model's."""
    return label_of(model) if name == model else f"{label_of(model)}: {name}"


def codecs_by_encoder(manifests: Iterable[Manifest]) -> dict[str, list[str]]:
    """Labels of the codecs that each library, program or model wrote, with its version.

    Args:
        manifests: Of results; other artifacts are left out, as no codec wrote for them.
    """
    found: dict[str, list[str]] = {}
    for manifest in manifests:
        if manifest.key.startswith(_RESULTS):
            encoder = encoder_of(manifest) or "unknown"
            found.setdefault(encoder, []).append(label_of(last_part(manifest.key)))
    return found
