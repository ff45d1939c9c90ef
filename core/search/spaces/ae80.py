"""The thesis' search space of the autoencoder of one layer."""

from core.search.spaces.base import SearchSpace

SPACE = SearchSpace(
    filters=((16, 32, 64),),
    thesis={"filters_1": 64, "activation": "relu", "learning_rate": 0.0015},
)
