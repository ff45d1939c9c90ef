"""The thesis' autoencoder of three layers; at 160x160 its latent is 20x20x128."""

from core.codecs.ae20 import ARCHITECTURE
from core.models.autoencoder.network import Autoencoder, AutoencoderConfig, build_autoencoder

LABEL = ARCHITECTURE.label
CONFIG = AutoencoderConfig.of(ARCHITECTURE)


def build(config: AutoencoderConfig = CONFIG) -> Autoencoder:
    """Compiled model with random weights."""
    return build_autoencoder(config, name=ARCHITECTURE.name)
