"""The autoencoders of the thesis: a model for each architecture of `core.codecs`."""

from functools import partial

from core.codecs.autoencoder import Architecture, architectures
from core.models.autoencoder.network import AutoencoderConfig, build_autoencoder
from core.models.base import Model

__all__ = ["models"]


def models() -> dict[str, Model]:
    """Model of each autoencoder by its name, in alphabetical order."""
    return {name: _model(architecture) for name, architecture in architectures().items()}


def _model(architecture: Architecture) -> Model:
    return Model(
        label=architecture.label,
        config=AutoencoderConfig.of(architecture),
        build=partial(build_autoencoder, name=architecture.name),
    )
