"""The thesis' topologies trained for rate: a model for each of `core.codecs.rate_autoencoder`."""

from functools import partial

from core.codecs.rate_autoencoder import RateArchitecture, rate_architectures
from core.models.base import Model
from core.models.rate_autoencoder.config import RateAutoencoderConfig
from core.models.rate_autoencoder.network import build_rate_autoencoder

__all__ = ["models"]


def models() -> dict[str, Model]:
    """Model of each autoencoder by its name, in alphabetical order."""
    return {name: _model(found) for name, found in rate_architectures().items()}


def _model(architecture: RateArchitecture) -> Model:
    return Model(
        label=architecture.label,
        config=RateAutoencoderConfig.of(architecture),
        build=partial(build_rate_autoencoder, name=architecture.name),
    )
