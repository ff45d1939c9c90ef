"""The thesis' autoencoder of two layers; at 160x160 its latent is 40x40x64."""

from core.models.autoencoder.network import Autoencoder, AutoencoderConfig, build_autoencoder

LABEL = "Autoencoder, 2 layers (40x40)"

#: What the search of the thesis found best.
CONFIG = AutoencoderConfig(filters=(32, 64), activation="leaky_relu", learning_rate=0.0017)


def build(config: AutoencoderConfig = CONFIG) -> Autoencoder:
    """Compiled model with fresh weights."""
    return build_autoencoder(config, name="ae40")
