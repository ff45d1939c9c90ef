"""The thesis' autoencoder of one layer; at 160x160 its latent is 80x80x64."""

from core.codecs.autoencoder import Architecture

ARCHITECTURE = Architecture(
    name="ae80",
    label="Autoencoder, 1 layer (80x80)",
    filters=(64,),
    activation="relu",
    learning_rate=0.0015,
    searched_filters=((16, 32, 64),),
)
CODEC = ARCHITECTURE.codec()
