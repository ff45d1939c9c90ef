"""Which trial of a search has the values of the published model."""

import math
from collections.abc import Mapping
from typing import Any

from core.search.spaces import spaces
from core.search.studies import StudyRecord, TrialRecord
from core.store import ArtifactError, ArtifactStore

#: Relative difference of a learning rate with three digits from the one that it stands for.
_ROUNDED = 0.005


def published_trial(store: ArtifactStore, study: StudyRecord) -> TrialRecord | None:
    """The trial with the values that the published model was trained with.

    The model is that of the study's name, else the one that was searched.
    """
    for name in dict.fromkeys((study.name, study.model)):
        try:
            facts = store.manifest(f"models/{name}").facts
        except ArtifactError:
            continue
        return trial_of_model(study, facts.get("config", {}))
    return None


def trial_of_model(study: StudyRecord, config: Mapping[str, Any]) -> TrialRecord | None:
    """The first complete trial with the values of a model; None where there is none.

    Args:
        study: Search of the model.
        config: Configuration that the model was trained with, as its manifest has it.
    """
    space = spaces().get(study.model)
    if space is None:
        return None
    try:
        wanted = space.parameters_of(config)
    except KeyError:
        return None
    complete = (trial for trial in study.trials if trial.state == "complete")
    return next((trial for trial in complete if _equals(trial.params, wanted)), None)


def _equals(params: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether the parameters are the wanted ones, floats as far as people write them."""
    return params.keys() == wanted.keys() and all(
        math.isclose(value, wanted[name], rel_tol=_ROUNDED)
        if isinstance(value, float)
        else value == wanted[name]
        for name, value in params.items()
    )
