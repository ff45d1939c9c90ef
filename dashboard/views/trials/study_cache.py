"""Cache of studies, by the state of their files."""

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.analysis.labels import label_of_study
from core.search import published
from core.search.studies import StudyRecord
from core.search.study_reading import read_study, study_names, study_state
from core.store import ArtifactError
from dashboard.charts.colors import in_legend_order
from dashboard.data.store import open_store
from dashboard.views.trials.overview_charts import (
    importances_figure,
    importances_table,
    overlay_figure,
)


class Studies(NamedTuple):
    """All studies of the store.

    Attributes:
        found: Study by its name.
        problems: Errors of those that cannot be read.
    """

    found: dict[str, StudyRecord]
    problems: tuple[ArtifactError, ...]

    @property
    def searches(self) -> "Studies":
        """Those that searched, not those that repeat another one's trials."""
        found = {name: study for name, study in self.found.items() if study.repeats is None}
        return self._replace(found=found)


def load_studies() -> Studies:
    """All committed studies and those that run on this machine."""
    found: dict[str, StudyRecord] = {}
    problems: list[ArtifactError] = []
    for name in in_legend_order(study_names(open_store())):
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


def published_models(study: StudyRecord) -> tuple[published.PublishedModel, ...]:
    """The published models of a search, each with the trial whose values it has."""
    return published.published_models(open_store(), study)


def study_labels(studies: Mapping[str, StudyRecord]) -> dict[str, str]:
    """Display label of each study."""
    return {name: label_of_study(name, study.model) for name, study in studies.items()}


def load_overlay(kind: str, studies: list[StudyRecord]) -> go.Figure:
    """Cached history or distribution of several studies in one figure; do not modify it.

    Raises:
        ValueError: The studies differ in direction.
    """
    return _overlay(kind, _states(studies), studies)


def load_importances(studies: list[StudyRecord]) -> tuple[pd.DataFrame, go.Figure]:
    """Cached importances of all studies as a table and as a figure; do not modify them."""
    return _importances_of(_states(studies), studies)


def _states(studies: list[StudyRecord]) -> tuple[str, ...]:
    store = open_store()
    return tuple(study_state(store, study.name) for study in studies)


@st.cache_resource(max_entries=16, show_spinner=False)
def _overlay(kind: str, states: tuple[str, ...], _studies: list[StudyRecord]) -> go.Figure:
    labels = study_labels({study.name: study for study in _studies})
    return overlay_figure(kind, _studies, labels)


@st.cache_resource(max_entries=8, show_spinner=False)
def _importances_of(
    states: tuple[str, ...], _studies: list[StudyRecord]
) -> tuple[pd.DataFrame, go.Figure]:
    single = [study for study in _studies if len(study.directions) == 1]
    table = importances_table(single)
    labels = study_labels({study.name: study for study in _studies})
    return table, importances_figure(table, labels)
