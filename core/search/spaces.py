"""Search space of each model, and the thesis' parameters.

The spaces follow from the architectures of `core.codecs.autoencoder`; nothing here imports Keras,
so a search can be planned and read without it.
"""

from dataclasses import dataclass
from typing import Any

import optuna

from core.codecs.autoencoder import Architecture, architectures

LEARNING_RATES = (1e-4, 1e-2)
ACTIVATIONS = ("relu", "leaky_relu")


@dataclass(frozen=True)
class SearchSpace:
    """The space of an autoencoder in the thesis.

    The activation is ReLU or leaky ReLU and the learning rate lies between 1e-4 and 1e-2 on a
    logarithmic scale, for every model.

    Attributes:
        filters: Allowed numbers of filters of each layer, outermost layer first. A layer with
            one choice is no parameter of the search.
        thesis: Parameters that the search of the thesis found best.
    """

    filters: tuple[tuple[int, ...], ...]
    thesis: dict[str, Any]

    @classmethod
    def of(cls, architecture: Architecture) -> "SearchSpace":
        """Space of one autoencoder."""
        choices = architecture.searched_filters
        chosen = {
            _parameter(layer): architecture.filters[layer - 1]
            for layer, filters in enumerate(choices, start=1)
            if len(filters) > 1
        }
        rest = {
            "activation": architecture.activation,
            "learning_rate": architecture.learning_rate,
        }
        return cls(choices, chosen | rest)

    def suggest(self, trial: optuna.trial.BaseTrial) -> dict[str, Any]:
        """Fields of the model's configuration that a trial chooses."""
        filters = [
            self._filters(trial, layer, choices)
            for layer, choices in enumerate(self.filters, start=1)
        ]
        return {
            "filters": tuple(filters),
            "activation": trial.suggest_categorical("activation", ACTIVATIONS),
            "learning_rate": trial.suggest_float("learning_rate", *LEARNING_RATES, log=True),
        }

    def record(self) -> dict[str, Any]:
        """The space as JSON values."""
        return {
            "filters": [list(choices) for choices in self.filters],
            "activation": list(ACTIVATIONS),
            "learning_rate": {"range": list(LEARNING_RATES), "scale": "log"},
        }

    @staticmethod
    def _filters(trial: optuna.trial.BaseTrial, layer: int, choices: tuple[int, ...]) -> int:
        if len(choices) == 1:
            return choices[0]
        return int(trial.suggest_categorical(_parameter(layer), choices))


def spaces() -> dict[str, SearchSpace]:
    """Search space by the name of the model, in alphabetical order."""
    return {name: SearchSpace.of(found) for name, found in architectures().items()}


def get_space(model: str) -> SearchSpace:
    """Search space of one model.

    Raises:
        ValueError: The model has none; the message lists those that have one.
    """
    found = spaces()
    if model not in found:
        raise ValueError(
            f"There is no search space of a model {model!r}; there are {', '.join(found)}."
        )
    return found[model]


def _parameter(layer: int) -> str:
    return f"filters_{layer}"
