"""Studies as pages read them, kept between reruns until their files change."""

from typing import NamedTuple

import plotly.graph_objects as go
import streamlit as st

from core.search.studies import (
    Direction,
    StudyRecord,
    TrialRecord,
    read_study,
    study_names,
    study_state,
)
from core.store import ArtifactError
from dashboard.data.store import open_store
from dashboard.views.trials.charts import drawn_trials, overlay_figure, trial_figure


class Studies(NamedTuple):
    """All studies of the store.

    Attributes:
        found: Study by its name.
        problems: What is wrong with those that cannot be read.
    """

    found: dict[str, StudyRecord]
    problems: tuple[ArtifactError, ...]


def load_studies() -> Studies:
    """Studies that are committed, or live on this machine."""
    found: dict[str, StudyRecord] = {}
    problems: list[ArtifactError] = []
    for name in study_names(open_store()):
        try:
            found[name] = load_study(name)
        except ArtifactError as error:
            problems.append(error)
    return Studies(found, tuple(problems))


def load_study(name: str) -> StudyRecord:
    """One study.

    Raises:
        ArtifactError: It is missing or damaged.
    """
    return _study(name, study_state(open_store(), name))


@st.cache_resource(max_entries=12, show_spinner="Reading the study …")
def _study(name: str, state: str) -> StudyRecord:
    return read_study(open_store(), name)


def load_figure(
    plot: str, study: StudyRecord, trials: list[TrialRecord], *, log_value: bool
) -> go.Figure:
    """One of Optuna's plots over trials of a study, drawn once per choice; not to be changed."""
    drawn = drawn_trials(trials, best=study.best)
    numbers = tuple(trial.number for trial in drawn)
    state = study_state(open_store(), study.name)
    direction: Direction = "maximize" if study.is_maximized else "minimize"
    return _figure(plot, study.name, state, numbers, direction, log_value, drawn)


def load_overlay(kind: str, studies: list[StudyRecord]) -> go.Figure:
    """History or distribution of several studies in one figure; not to be changed.

    Raises:
        ValueError: The studies differ in direction.
    """
    store = open_store()
    states = tuple(study_state(store, study.name) for study in studies)
    return _overlay(kind, states, studies)


@st.cache_resource(max_entries=16, show_spinner=False)
def _overlay(kind: str, states: tuple[str, ...], _studies: list[StudyRecord]) -> go.Figure:
    return overlay_figure(kind, _studies)


@st.cache_resource(max_entries=64, show_spinner="Drawing …")
def _figure(
    plot: str,
    name: str,
    state: str,
    numbers: tuple[int, ...],
    direction: Direction,
    log_value: bool,
    _trials: list[TrialRecord],
) -> go.Figure:
    return trial_figure(plot, _trials, direction=direction, log_value=log_value)
