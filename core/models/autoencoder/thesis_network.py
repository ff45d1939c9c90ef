"""The thesis' autoencoders as its text has them, layer by layer, for comparisons of speed alone.

`core.models.autoencoder.network` computes the same in another order and trains on bytes.
"""

import keras
from keras import layers

from core.models import get_model


def thesis_network(name: str) -> keras.Model:
    """One of the thesis' autoencoders, on images in 0..1, compiled as it was."""
    config = get_model(name).config

    def activation() -> layers.Layer:
        return layers.ReLU() if config.activation == "relu" else layers.LeakyReLU()

    network = keras.Sequential([keras.Input((160, 160, 3))])
    for filters in config.filters:
        network.add(layers.Conv2D(filters, 3, padding="same"))
        network.add(activation())
        network.add(layers.MaxPooling2D(2))
    for filters in reversed(config.filters):
        network.add(layers.Conv2DTranspose(filters, 3, padding="same"))
        network.add(activation())
        network.add(layers.UpSampling2D(2))
    network.add(layers.Conv2D(3, 3, padding="same"))
    network.compile(keras.optimizers.Adam(config.learning_rate), loss="mse")
    return network
