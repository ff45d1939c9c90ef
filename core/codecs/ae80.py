"""The autoencoder of the thesis with the 80x80 bottleneck, as a codec."""

from collections.abc import Iterable

from core.codecs.autoencoder import (
    DIAL,
    SUFFIX,
    AutoencoderCodec,
    FloatLatent,
    float_latents_of,
    point_at,
    sweep_of,
)
from core.codecs.base import Kind
from core.store import ArtifactStore

__all__ = ["DIAL", "SUFFIX", "at", "references", "sweep"]

LABEL = "Autoencoder, 1 layer (80x80)"
KIND: Kind = "learned"


def sweep(store: ArtifactStore) -> list[AutoencoderCodec]:
    """Curve of the codec."""
    return sweep_of("ae80", store)


def at(value: float, store: ArtifactStore | None = None) -> AutoencoderCodec:
    """Codec at a quality of 1 to 100."""
    return point_at("ae80", value, store)


def references(store: ArtifactStore) -> Iterable[FloatLatent]:
    """The thesis' own figure, from latents that were never quantised."""
    return float_latents_of("ae80", store)
