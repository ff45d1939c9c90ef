"""Which trials of a search have the values of published models."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from core.search.spaces import SearchSpace, spaces
from core.search.studies import FILTERS, StudyRecord, TrialRecord
from core.store import ArtifactError, ArtifactStore

_PREFIX = "models/"
#: Relative difference of a learning rate with three digits from the one that it stands for.
_ROUNDED = 0.005


class PublishedModel(NamedTuple):
    """A published model of a search.

    Attributes:
        name: Name of the model.
        trial: The trial with the values that it was trained with; None where there is none.
        is_of_trial: Whether the command of that trial trained it.
    """

    name: str
    trial: TrialRecord | None
    is_of_trial: bool = False


def trial_model_name(study: StudyRecord, number: int) -> str:
    """Name of the model that is trained in full with the values of a trial of a search."""
    return f"{study.name}_trial_{number}"


def published_models(store: ArtifactStore, study: StudyRecord) -> tuple[PublishedModel, ...]:
    """The published models of a search.

    The first is that of the study's name, else the one that was searched. Those that the command
    of a trial trained follow, unless they have other values than the trial of that number here.
    """
    names = {key.removeprefix(_PREFIX) for key in store.keys(_PREFIX)}
    found = []
    for name in dict.fromkeys((study.name, study.model)):
        config = _config(store, name) if name in names else None
        if config is not None:
            found.append(PublishedModel(name, trial_of_model(study, config)))
            break
    space = spaces().get(study.model)
    for trial in study.trials if space is not None else ():
        name = trial_model_name(study, trial.number)
        config = _config(store, name) if name in names else None
        if space is not None and config is not None and _has_values(trial, space, config):
            found.append(PublishedModel(name, trial, is_of_trial=True))
    return tuple(found)


def published_trial(store: ArtifactStore, study: StudyRecord) -> TrialRecord | None:
    """The trial with the values that the first of the published models was trained with."""
    trials = (model.trial for model in published_models(store, study))
    return next((trial for trial in trials if trial is not None), None)


def trial_of_model(study: StudyRecord, config: Mapping[str, Any]) -> TrialRecord | None:
    """The first complete trial with the values of a model; None where there is none.

    Args:
        study: Search of the model.
        config: Configuration that the model was trained with, as its manifest has it.
    """
    space = spaces().get(study.model)
    if space is None:
        return None
    complete = (trial for trial in study.trials if trial.state == "complete")
    return next((trial for trial in complete if _has_values(trial, space, config)), None)


def _config(store: ArtifactStore, name: str) -> Mapping[str, Any] | None:
    """Configuration that a model was trained with; None where it cannot be read."""
    try:
        found = store.manifest(f"{_PREFIX}{name}").facts.get("config")
    except ArtifactError:
        return None
    return found if isinstance(found, Mapping) else {}


def _has_values(trial: TrialRecord, space: SearchSpace, config: Mapping[str, Any]) -> bool:
    """Whether a trial trained what the configuration says, whole layers included."""
    try:
        wanted = space.parameters_of(config)
    except KeyError:
        return False
    return _equals(trial.params, wanted) and _filters(trial, space) == tuple(config["filters"])


def _filters(trial: TrialRecord, space: SearchSpace) -> tuple[int, ...]:
    """Filters of every layer, also of those that were no parameter of the search."""
    noted = trial.attributes.get(FILTERS)
    return tuple(noted) if isinstance(noted, list | tuple) else space.filters_of(trial.params)


def _equals(params: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether the parameters are the wanted ones, floats as far as people write them."""
    return params.keys() == wanted.keys() and all(
        math.isclose(value, wanted[name], rel_tol=_ROUNDED)
        if isinstance(value, float)
        else value == wanted[name]
        for name, value in params.items()
    )
