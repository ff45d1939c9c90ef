"""Cache of the plots of single studies, by the state of their files."""

import plotly.graph_objects as go
import streamlit as st

from core.search.studies import StudyRecord, TrialRecord
from core.search.study_reading import study_state
from dashboard.charts.colors import codec_style
from dashboard.data.store import open_store
from dashboard.views.trials.charts import Drawing, trial_figure
from dashboard.views.trials.drawn_trials import drawn_trials


def load_figure(
    plot: str,
    study: StudyRecord,
    trials: list[TrialRecord],
    *,
    chosen: tuple[int, ...],
    log_value: bool,
) -> go.Figure:
    """Cached plot of a study's trials; do not modify it."""
    drawn = drawn_trials(trials, best=study.best)
    drawing = Drawing(
        direction="maximize" if study.is_maximized else "minimize",
        color=codec_style(study.name).color,
        best=study.best.number if study.best else None,
        chosen=chosen,
        log_value=log_value,
    )
    numbers = tuple((trial.number, trial.value) for trial in drawn)
    state = study_state(open_store(), study.name)
    return _figure(plot, study.name, state, numbers, drawing, drawn)


@st.cache_resource(max_entries=64, show_spinner="Drawing …")
def _figure(
    plot: str,
    name: str,
    state: str,
    numbers: tuple[tuple[int, float | None], ...],
    drawing: Drawing,
    _trials: list[TrialRecord],
) -> go.Figure:
    return trial_figure(plot, _trials, drawing)
