"""The thesis' search space of the autoencoder of two layers."""

from core.search.spaces.base import SearchSpace

SPACE = SearchSpace(
    filters=((32,), (32, 64)),
    thesis={"filters_2": 64, "activation": "leaky_relu", "learning_rate": 0.0017},
)
