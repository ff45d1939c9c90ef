"""The thesis' autoencoder of two layers; at 160x160 its latent is 40x40x64."""

from core.codecs.ae40 import ARCHITECTURE
from core.models.autoencoder.network import Autoencoder, AutoencoderConfig, build_autoencoder

LABEL = ARCHITECTURE.label
CONFIG = AutoencoderConfig.of(ARCHITECTURE)


def build(config: AutoencoderConfig = CONFIG) -> Autoencoder:
    """Compiled model with random weights."""
    return build_autoencoder(config, name=ARCHITECTURE.name)
