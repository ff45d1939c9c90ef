"""The thesis' autoencoder of three layers; at 160x160 its latent is 20x20x128."""

from core.codecs.autoencoder import Architecture

ARCHITECTURE = Architecture(
    name="ae20",
    label="Autoencoder, 3 layers (20x20)",
    filters=(32, 64, 128),
    activation="leaky_relu",
    learning_rate=0.0021,
    searched_filters=((32,), (32, 64), (32, 64, 128)),
)
CODEC = ARCHITECTURE.codec()
