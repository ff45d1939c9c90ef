"""Multi-objective studies: Pareto front, and hypervolume over the trials."""

import warnings
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import optuna
import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from optuna.exceptions import ExperimentalWarning
from optuna.visualization import plot_hypervolume_history, plot_pareto_front

from core.search.published import PublishedModel
from core.search.studies import StudyRecord, as_study_of_objectives
from dashboard.charts.colors import codec_style
from dashboard.views.trials.optima import front_sentence
from dashboard.views.trials.parameters import parameter_title
from dashboard.views.trials.study_cache import published_models
from dashboard.views.trials.style import NEUTRAL, restyled
from dashboard.widgets.charts import show_chart
from dashboard.widgets.downloads import download_csv

#: Objectives that a Pareto front can be drawn of.
MAX_DRAWN_OBJECTIVES = 3
_EXPLANATION = (
    "A trial is on the front if no other is at least as good in every objective and better in one."
)


def show_objectives(study: StudyRecord) -> None:
    """Pareto front and hypervolume of a study of several objectives."""
    st.subheader("Pareto front", help=_EXPLANATION)
    if not study.finite:
        st.info("No trial is complete yet, so there is no front.")
        return
    table = front_table(study)
    front = table[table["on_front"]]
    names = " and ".join(study.objectives)
    published = published_models(study)
    st.markdown(front_sentence(study, published))
    left, right = st.columns(2, gap="medium")
    with left:
        if len(study.directions) <= MAX_DRAWN_OBJECTIVES:
            figure = pareto_figure(study, published)
            alt = f"Trials by {names}; those on the Pareto front stand out."
            show_chart(figure, key="pareto", name=f"{study.name}-pareto", alt=alt)
    with right:
        point = reference_point(study)
        figure = hypervolume_figure(study, point)
        alt = "Hypervolume of the front after each trial."
        show_chart(figure, key="hypervolume", name=f"{study.name}-hypervolume", alt=alt)
        worst = ", ".join(f"{value:.4g}" for value in point)
        st.caption(f"Hypervolume against the worst value of each objective ({worst}).")
    shown = front.drop(columns="on_front").rename(columns={"number": "trial"})
    titles = {name: parameter_title(str(name)) for name in shown if name not in study.objectives}
    st.dataframe(shown.rename(columns=titles), hide_index=True, height="content")
    download_csv(table, file_name=f"{study.name}-objectives.csv", key="csv-objectives")


def choose_objective(study: StudyRecord) -> StudyRecord:
    """The study with the one objective that its table and plots use."""
    indices = list(range(len(study.directions)))
    index = st.segmented_control(
        "Objective of the table and plots",
        indices,
        default=0,
        format_func=lambda found: f"{study.objectives[found]} ({study.directions[found]})",
        required=True,
        key=f"{study.name}-objective",
        bind="query-params",
    )
    st.caption("The score of a trial, below, is its value of this objective.")
    return study.judged_by(index or 0)


def front_table(study: StudyRecord) -> pd.DataFrame:
    """One row per complete trial: its value of each objective, and whether it is on the front."""
    on_front = {trial.number for trial in study.front}
    rows = [
        {
            "number": trial.number,
            **dict(zip(study.objectives, trial.values, strict=True)),
            "on_front": trial.number in on_front,
            **{name: value for name, value in trial.params.items() if name != "number"},
        }
        for trial in study.finite
    ]
    return pd.DataFrame(rows).sort_values(study.objectives[0], ignore_index=True)


def reference_point(study: StudyRecord) -> list[float]:
    """Worst value of each objective, from which the hypervolume is measured."""
    values = np.array([trial.values for trial in study.finite])
    ends = zip(values.min(axis=0), values.max(axis=0), study.directions, strict=True)
    return [float(low if way == "maximize" else high) for low, high, way in ends]


def pareto_figure(study: StudyRecord, published: Sequence[PublishedModel]) -> go.Figure:
    """The trials by two or three objectives; the front in the study's colour, the rest grey.

    Args:
        study: The study.
        published: The published models of the search, whose trials are ringed.
    """
    with _quiet():
        figure = plot_pareto_front(_drawn(study), target_names=list(study.objectives))
    color = codec_style(study.name).color
    others, front = figure.data
    others.marker = {"color": NEUTRAL, "size": 6}
    front.marker = {"color": color, "size": 10}
    others.name, front.name = "Other trials", "On the front"
    figure.update_traces(showlegend=True)
    trials = [model.trial for model in published if model.trial is not None]
    if points := [trial.values for trial in trials if len(trial.values) == 2]:
        ring = {"color": color, "size": 18, "symbol": "circle-open"}
        x, y = zip(*points, strict=True)
        figure.add_scatter(x=x, y=y, mode="markers", marker=ring, name="Published model")
    return restyled(figure)


def hypervolume_figure(study: StudyRecord, point: Sequence[float]) -> go.Figure:
    """Hypervolume of the front with respect to a reference point, after each trial."""
    with _quiet():
        figure = plot_hypervolume_history(_drawn(study), point)
    color = codec_style(study.name).color
    figure.update_traces(marker={"color": color}, line={"color": color})
    return restyled(figure)


def _drawn(study: StudyRecord) -> optuna.Study:
    return as_study_of_objectives(replace(study, trials=study.finite))


class _quiet(warnings.catch_warnings):
    """Keeps Optuna from warning that a plot is experimental."""

    def __enter__(self) -> None:
        super().__enter__()
        warnings.simplefilter("ignore", ExperimentalWarning)
