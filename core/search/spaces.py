"""Search space of each model, what a search of it makes better, and where it begins.

The spaces follow from the architectures of `core.codecs`; nothing here imports Keras, so a search
can be planned and read without it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import optuna

from core.codecs.autoencoder import Architecture, architectures
from core.codecs.rate_autoencoder import (
    BATCH,
    KERNELS,
    RateArchitecture,
    least_filters,
    most_channels,
    rate_architectures,
)
from core.search.studies import Direction

LEARNING_RATES = (1e-4, 1e-2)
ACTIVATIONS = ("relu", "leaky_relu")
#: Filters of a layer, and channels of a latent, of an autoencoder that is trained for rate. A layer
#: has at most the last but one, or what the thesis tried for it.
WIDTHS = (16, 32, 64, 128)
CHANNELS = (6, 12, 24, 48, 96, 128)


class Objective(NamedTuple):
    """What a search makes larger or smaller.

    Attributes:
        name: Name, with its unit.
        direction: `maximize` or `minimize`.
        definition: How a trial is measured.
    """

    name: str
    direction: Direction
    definition: str


SCORE = Objective(
    "Score", "maximize", "PSNR in dB + SSIM, both at range 255 (means over the validation images)"
)
BD_RATE = Objective(
    "BD-rate against JPEG (%)",
    "minimize",
    "BD-rate (PSNR) against JPEG on the validation images, with the bits that the trained "
    "densities give, header included",
)
DECODER_WORK = Objective(
    "Decoder, multiply-adds per pixel",
    "minimize",
    "multiply-accumulate operations of the exported decoder",
)


@dataclass(frozen=True)
class SearchSpace:
    """The space of a model.

    The activation is ReLU or leaky ReLU and the learning rate lies between 1e-4 and 1e-2 on a
    logarithmic scale, for every model.

    Attributes:
        filters: Allowed numbers of filters of each layer, outermost layer first. A layer with
            one choice is no parameter of the search.
        first: Parameters of the first trial.
    """

    objectives: ClassVar[tuple[Objective, ...]]
    #: Where the first trial's parameters come from.
    origin: ClassVar[str]
    #: Images per step of a trial, as in a full training.
    batch: ClassVar[int]
    #: Parameters beside the numbers of filters.
    others: ClassVar[tuple[str, ...]] = ("activation", "learning_rate")

    filters: tuple[tuple[int, ...], ...]
    first: dict[str, Any]

    @property
    def thesis(self) -> dict[str, Any] | None:
        """Parameters that the search of the thesis found best; None where it had none."""
        return None

    @property
    def definition(self) -> str:
        """How a trial is measured."""
        return "; ".join(objective.definition for objective in self.objectives)

    def suggest(self, trial: optuna.trial.BaseTrial) -> dict[str, Any]:
        """Fields of the model's configuration that a trial chooses."""
        filters = [
            int(_choice(trial, _parameter(layer), choices))
            for layer, choices in enumerate(self.filters, start=1)
        ]
        return {
            "filters": tuple(filters),
            "activation": trial.suggest_categorical("activation", ACTIVATIONS),
            "learning_rate": trial.suggest_float("learning_rate", *LEARNING_RATES, log=True),
        }

    def parameters_of(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters of the trial that trains a model of this configuration.

        Raises:
            KeyError: It is the configuration of another kind of model.
        """
        filters = _chosen_filters(config["filters"], self.filters)
        return filters | {name: config[name] for name in self.others}

    def filters_of(self, params: Mapping[str, Any]) -> tuple[int, ...]:
        """Filters of every layer of the trial with these parameters."""
        return tuple(
            int(params.get(_parameter(layer), choices[0]))
            for layer, choices in enumerate(self.filters, start=1)
        )

    def record(self) -> dict[str, Any]:
        """The space as JSON values."""
        return {
            "filters": [list(choices) for choices in self.filters],
            "activation": list(ACTIVATIONS),
            "learning_rate": {"range": list(LEARNING_RATES), "scale": "log"},
        }


class ThesisSpace(SearchSpace):
    """The space of an autoencoder in the thesis, which begins at the thesis' optimum."""

    objectives = (SCORE,)
    origin = "optimum of the thesis"
    batch = 32

    @classmethod
    def of(cls, architecture: Architecture) -> "ThesisSpace":
        """Space of one autoencoder."""
        choices = architecture.searched_filters
        rest = {
            "activation": architecture.activation,
            "learning_rate": architecture.learning_rate,
        }
        return cls(choices, _chosen_filters(architecture.filters, choices) | rest)

    @property
    def thesis(self) -> dict[str, Any]:
        """The first trial's parameters."""
        return self.first


@dataclass(frozen=True)
class RateSpace(SearchSpace):
    """The space of a topology of the thesis that is trained for rate.

    It begins at the configuration of the published model.

    Attributes:
        channels: Allowed numbers of channels of the latent.
    """

    objectives = (BD_RATE, DECODER_WORK)
    origin = "start of the search"
    batch = BATCH
    others = (*SearchSpace.others, "channels", "kernel")

    channels: tuple[int, ...]

    @classmethod
    def of(cls, architecture: RateArchitecture) -> "RateSpace":
        """Space of one topology: the widths that hold the block transform it starts as."""
        layers = len(architecture.layers)
        choices = tuple(
            _widths(least_filters(layer, layers), max(WIDTHS[-2], *tried))
            for layer, tried in enumerate(architecture.thesis.searched_filters, start=1)
        )
        most = most_channels(layers)
        first = _chosen_filters(architecture.layers, choices) | {
            "activation": architecture.thesis.activation,
            "learning_rate": architecture.learning_rate,
            "channels": architecture.channels,
            "kernel": architecture.kernel,
        }
        channels = tuple(count for count in CHANNELS if most // 8 <= count <= most)
        return cls(choices, first, channels)

    def suggest(self, trial: optuna.trial.BaseTrial) -> dict[str, Any]:
        """Filters, activation, learning rate, channels of the latent, and the kernels' side."""
        return {
            **super().suggest(trial),
            "channels": trial.suggest_categorical("channels", self.channels),
            "kernel": trial.suggest_categorical("kernel", KERNELS),
        }

    def record(self) -> dict[str, Any]:
        """The space as JSON values."""
        return super().record() | {"channels": list(self.channels), "kernel": list(KERNELS)}


def spaces() -> dict[str, SearchSpace]:
    """Search space by the name of the model, in alphabetical order."""
    of_thesis = {name: ThesisSpace.of(found) for name, found in architectures().items()}
    for_rate = {name: RateSpace.of(found) for name, found in rate_architectures().items()}
    return dict(sorted((of_thesis | for_rate).items()))


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


def _widths(least: int, most: int) -> tuple[int, ...]:
    return tuple(width for width in WIDTHS if least <= width <= most)


def _chosen_filters(filters: Sequence[int], choices: tuple[tuple[int, ...], ...]) -> dict[str, Any]:
    """The numbers of filters that are parameters of the search."""
    return {
        _parameter(layer): filters[layer - 1]
        for layer, allowed in enumerate(choices, start=1)
        if len(allowed) > 1
    }


def _choice(trial: optuna.trial.BaseTrial, name: str, choices: tuple[int, ...]) -> Any:
    return choices[0] if len(choices) == 1 else trial.suggest_categorical(name, choices)


def _parameter(layer: int) -> str:
    return f"filters_{layer}"
