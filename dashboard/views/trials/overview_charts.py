"""Figures over all studies: optimisation history and parameter importances."""

import warnings
from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go
from optuna.exceptions import ExperimentalWarning
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

from core.search.studies import Direction, StudyRecord, as_study
from dashboard.charts.colors import codec_style, translucent
from dashboard.views.trials.drawn_trials import (
    MIN_FOR_IMPORTANCES,
    drawable_trials,
    drawn_trials,
)
from dashboard.views.trials.own_charts import history_figure
from dashboard.views.trials.parameters import parameter_names, parameter_title
from dashboard.views.trials.style import VALUE_NAME, restyled

_HEIGHT = 360
OVERLAYS = {"history": "History", "edf": "Distribution"}


def overlay_figure(
    name: str, studies: Sequence[StudyRecord], labels: Mapping[str, str] | None = None
) -> go.Figure:
    """History (`history`) or distribution (`edf`) of several studies in one figure.

    Args:
        name: Kind of figure.
        studies: Studies with a complete trial each.
        labels: Display label by study.

    Raises:
        ValueError: The studies differ in direction.
    """
    directions = {study.directions for study in studies}
    if len(directions) > 1 or any(len(found) != 1 for found in directions):
        names = ", ".join(f"{study.name} ({', '.join(study.directions)})" for study in studies)
        raise ValueError(f"Only studies with one and the same direction can be laid over: {names}.")
    figure = go.Figure()
    for study in studies:
        label = (labels or {}).get(study.name, study.name)
        color = codec_style(study.name).color
        figure.add_traces(_traces(name, study, label=label, color=color))
    if name == "edf":
        figure.update_xaxes(title=VALUE_NAME)
        figure.update_yaxes(title="Share of the trials", range=[0, 1.02])
    else:
        figure.update_xaxes(title="Trial")
        figure.update_yaxes(title=VALUE_NAME)
    return restyled(figure, height=_HEIGHT)


def importances_table(studies: Sequence[StudyRecord]) -> pd.DataFrame:
    """Importance of each parameter (row) in each study (column), between 0 and 1.

    A study with too few complete trials or parameters has no column; neither has one whose best
    trials do not differ from the others, for instance because all scores are equal.
    """
    columns = {study.name: found for study in studies if (found := _importances(study))}
    table = pd.DataFrame(columns).rename_axis("parameter")
    return table.sort_index().reset_index()


def importances_figure(table: pd.DataFrame, labels: Mapping[str, str]) -> go.Figure:
    """Importances of all studies as bars, a colour per study.

    Args:
        table: Rows of `importances_table`.
        labels: Display label by study.
    """
    figure = go.Figure()
    names = [str(name) for name in table if name != "parameter"]
    parameters = [parameter_title(name) for name in table["parameter"]]
    for name in names:
        label = labels.get(name, name)
        figure.add_bar(
            x=table[name],
            y=parameters,
            orientation="h",
            name=label,
            marker={"color": codec_style(name).color},
            hovertemplate=f"{label}<br>%{{y}}: %{{x:.0%}}<extra></extra>",
        )
    figure.update_xaxes(title="Importance", tickformat=".0%", range=[0, 1.02])
    figure.update_yaxes(autorange="reversed", automargin=True)
    figure.update_layout(barmode="group", bargap=0.25, showlegend=len(names) > 1)
    return restyled(figure, height=_HEIGHT)


def _traces(name: str, study: StudyRecord, *, label: str, color: str) -> list[go.Scatter]:
    trials = drawable_trials(drawn_trials(study.trials, best=study.best))
    direction: Direction = "maximize" if study.is_maximized else "minimize"
    if name == "edf":
        # Optuna's plots load Matplotlib, which the first screen does without.
        from optuna.visualization import plot_edf

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            (trace,) = plot_edf(as_study(study.name, direction, trials)).data
        trace.update(name=label, line={"color": color}, showlegend=True)
        return [trace]
    points, line = history_figure(trials, direction, color=color).data
    style = codec_style(study.name)
    points.update(
        name=f"Trials of {label}",
        legendgroup=study.name,
        showlegend=False,
        line={"color": color},
        marker={"color": translucent(color, 0.7), "symbol": style.symbol},
    )
    line.update(name=f"Best of {label}", legendgroup=study.name, showlegend=True)
    return [points, line]


def _importances(study: StudyRecord) -> dict[str, float]:
    complete = [t for t in drawable_trials(study.trials) if t.state == "complete"]
    if len(complete) < MIN_FOR_IMPORTANCES or len(parameter_names(complete)) < 2:
        return {}
    direction: Direction = "maximize" if study.is_maximized else "minimize"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        warnings.filterwarnings("error", message="Target and region quantiles")
        try:
            return get_param_importances(
                as_study(study.name, direction, complete), evaluator=PedAnovaImportanceEvaluator()
            )
        except (RuntimeError, ValueError, UserWarning):
            return {}
