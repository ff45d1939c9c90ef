"""The thesis' autoencoder of one layer; at 160x160 its latent is 80x80x64."""

from core.models.autoencoder.network import Autoencoder, AutoencoderConfig, build_autoencoder

LABEL = "Autoencoder, 1 layer (80x80)"

#: What the search of the thesis found best.
CONFIG = AutoencoderConfig(filters=(64,), activation="relu", learning_rate=0.0015)


def build(config: AutoencoderConfig = CONFIG) -> Autoencoder:
    """Compiled model with fresh weights."""
    return build_autoencoder(config, name="ae80")
