"""The thesis' search space of the autoencoder of three layers."""

from core.search.spaces.base import SearchSpace

SPACE = SearchSpace(
    filters=((32,), (32, 64), (32, 64, 128)),
    thesis={"filters_2": 64, "filters_3": 128, "activation": "leaky_relu", "learning_rate": 0.0021},
)
