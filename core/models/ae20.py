"""The thesis' autoencoder of three layers; at 160x160 its latent is 20x20x128."""

from core.models.autoencoder.network import Autoencoder, AutoencoderConfig, build_autoencoder

LABEL = "Autoencoder, 3 layers (20x20)"

#: What the search of the thesis found best.
CONFIG = AutoencoderConfig(filters=(32, 64, 128), activation="leaky_relu", learning_rate=0.0021)


def build(config: AutoencoderConfig = CONFIG) -> Autoencoder:
    """Compiled model with fresh weights."""
    return build_autoencoder(config, name="ae20")
