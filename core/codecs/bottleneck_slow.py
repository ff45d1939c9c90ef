"""The learned codec with an encoder that searches for better latents; the decoder is the same."""

from dataclasses import dataclass, field

from core.codecs import bnk, bottleneck
from core.codecs.base import Kind
from core.codecs.trained_model import model_key
from core.store import ArtifactStore

LABEL = "BNK, effort 1"
KIND: Kind = "learned"
SUFFIX = bnk.SUFFIX
DIAL = bottleneck.DIAL
#: Name of the model.
MODEL = bottleneck.CODEC.name


@dataclass(frozen=True)
class BottleneckSlow(bottleneck.BottleneckPoint):
    """The shipped model, whose encoder spends more time to save bytes."""

    effort: int = field(default=1, metadata=bottleneck.EFFORTS)

    @property
    def model(self) -> str:
        """Name of the model."""
        return MODEL


def sweep(store: ArtifactStore) -> list[BottleneckSlow]:
    """Curve of the codec.

    Raises:
        MissingArtifact: The model is not trained.
    """
    return [at(quality, store) for quality in bottleneck.SWEEP]


def at(value: float, store: ArtifactStore | None = None) -> BottleneckSlow:
    """Codec at a quality of 1 to 100.

    Raises:
        MissingArtifact: The model is not trained.
    """
    store = store or ArtifactStore.default()
    store.manifest(model_key(MODEL))
    quality = int(DIAL.check(value))
    return BottleneckSlow("bottleneck_slow", quality, store, bottleneck.CODEC)
