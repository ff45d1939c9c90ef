"""The thesis' autoencoder of two layers; at 160x160 its latent is 40x40x64."""

from core.codecs.autoencoder import Architecture

ARCHITECTURE = Architecture(
    name="ae40",
    label="Autoencoder, 2 layers (40x40)",
    filters=(32, 64),
    activation="leaky_relu",
    learning_rate=0.0017,
    searched_filters=((32,), (32, 64)),
)
CODEC = ARCHITECTURE.codec()
