"""A search space: what may be chosen, and what the thesis chose in it."""

from dataclasses import dataclass
from typing import Any

import optuna

LEARNING_RATES = (1e-4, 1e-2)
ACTIVATIONS = ("relu", "leaky_relu")


@dataclass(frozen=True)
class SearchSpace:
    """The space of an autoencoder in the thesis.

    The activation is ReLU or leaky ReLU and the learning rate lies between 1e-4 and 1e-2 on a
    logarithmic scale, for every model.

    Attributes:
        filters: What each layer's number of filters may be, outermost layer first. A layer with
            one choice is no parameter of the search.
        thesis: Parameters that the search of the thesis found best.
    """

    filters: tuple[tuple[int, ...], ...]
    thesis: dict[str, Any]

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
        """The space as JSON knows it."""
        return {
            "filters": [list(choices) for choices in self.filters],
            "activation": list(ACTIVATIONS),
            "learning_rate": {"range": list(LEARNING_RATES), "scale": "log"},
        }

    @staticmethod
    def _filters(trial: optuna.trial.BaseTrial, layer: int, choices: tuple[int, ...]) -> int:
        if len(choices) == 1:
            return choices[0]
        return int(trial.suggest_categorical(f"filters_{layer}", choices))
