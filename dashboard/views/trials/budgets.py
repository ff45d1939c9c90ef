"""Whether a search's small budget decides as a larger one: its trials trained again on that."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.search.repetition import DECIDED, Agreement, agreements
from core.search.studies import StudyRecord
from dashboard.charts.colors import codec_style
from dashboard.views.trials.style import NEUTRAL, restyled
from dashboard.widgets.charts import show_chart
from dashboard.widgets.downloads import download_csv

_HEIGHT = 360
_HELP = (
    "Trials of a search are trained again on another budget. A rank correlation (Spearman) of 1 "
    "means that both put them in the same order, 0 that they have nothing to do with each other."
)


def show_budgets(studies: Mapping[str, StudyRecord], labels: Mapping[str, str]) -> None:
    """A sentence on each search that was repeated on another budget, and both orders drawn."""
    found = agreements(studies.values())
    if not found:
        return
    st.subheader("Does a short training decide?", help=_HELP)
    for agreement in found:
        st.markdown(budget_sentence(agreement, labels[agreement.search.name]))
    left, right = st.columns(2, gap="medium")
    with left:
        alt = "Rank of each trial in its search against its rank on the other budget."
        figure = ranks_figure(found, labels)
        show_chart(figure, key="budget-ranks", name="bottleneck-budget-ranks", alt=alt)
    with right:
        alt = "Rank correlation of the PSNR after each epoch with the score at the end."
        figure = epochs_figure(found, labels)
        show_chart(figure, key="budget-epochs", name="bottleneck-budget-epochs", alt=alt)
    download_csv(budgets_table(found), file_name="budgets.csv", key="csv-budgets")


def budget_sentence(agreement: Agreement, label: str) -> str:
    """In a few sentences of Markdown, how far both budgets decide alike."""
    search, repetition, chosen = agreement.search, agreement.repetition, agreement.chosen
    parts = [
        f"{label}: **{len(agreement.pairs)} trials** were trained again on "
        f"{_budget(repetition)}, where the search had {_budget(search)}."
    ]
    if agreement.correlation is not None and agreement.interval is not None:
        low, high = agreement.interval
        parts.append(
            f"Both orders have a rank correlation of **{agreement.correlation:.2f}** "
            f"(95 %: {low:.2f} to {high:.2f})."
        )
    rank = agreement.pairs.index(chosen) + 1
    best = f"The search's best of them, trial {chosen.searched.number}, is"
    if rank == 1:
        parts.append(f"{best} the best there, too.")
    else:
        first = agreement.pairs[0].searched.number
        parts.append(
            f"{best} number {rank} there, **{agreement.loss:.2f}** below trial {first} in score."
        )
    if agreement.decided_from is not None:
        seen = agreement.decided_from * int(repetition.budget.get("images", 0))
        parts.append(
            f"From epoch {agreement.decided_from} on ({seen:,} images) the order correlates by "
            f"{DECIDED} or more with that at the end."
        )
    return " ".join(parts)


def ranks_figure(found: Sequence[Agreement], labels: Mapping[str, str]) -> go.Figure:
    """Rank of each trial on its search's budget against that on the other one."""
    figure = go.Figure()
    most = max(len(agreement.pairs) for agreement in found)
    figure.add_scatter(
        x=[1, most],
        y=[1, most],
        mode="lines",
        line={"color": NEUTRAL, "dash": "dot", "width": 1},
        name="Same order",
        hoverinfo="skip",
    )
    for agreement in found:
        table = budgets_table([agreement])
        style = codec_style(agreement.search.model)
        figure.add_scatter(
            x=table["search_rank"],
            y=table["repetition_rank"],
            mode="markers",
            marker={"color": style.color, "symbol": style.symbol, "size": 9},
            name=labels[agreement.search.name],
            customdata=table[["trial", "search_score", "repetition_score"]],
            hovertemplate="Trial %{customdata[0]}<br>score %{customdata[1]:.2f} in the search<br>"
            "score %{customdata[2]:.2f} on the other budget",
        )
    for update, title in (
        (figure.update_xaxes, "Rank in the search"),
        (figure.update_yaxes, "Rank on the other budget"),
    ):
        update(title=title, range=[most + 0.5, 0.5], tickformat="d")
    return restyled(figure, height=_HEIGHT)


def epochs_figure(found: Sequence[Agreement], labels: Mapping[str, str]) -> go.Figure:
    """Rank correlation of the order after each epoch with that at the end."""
    figure = go.Figure()
    for agreement in found:
        style = codec_style(agreement.search.model)
        images = int(agreement.repetition.budget.get("images", 0))
        figure.add_scatter(
            x=[epoch * images for epoch in agreement.by_epoch],
            y=list(agreement.by_epoch.values()),
            mode="lines+markers",
            line={"color": style.color, "dash": style.dash},
            marker={"color": style.color, "symbol": style.symbol},
            name=labels[agreement.search.name],
            hovertemplate="after %{x:,} images: %{y:.2f}",
        )
    figure.update_xaxes(title="Images that a trial has seen", rangemode="tozero")
    figure.update_yaxes(title="Rank correlation with the end", range=[None, 1.05])
    return restyled(figure, height=_HEIGHT)


def budgets_table(found: Sequence[Agreement]) -> pd.DataFrame:
    """One row per trial that was trained again: its score and its rank on both budgets."""
    frames = []
    for agreement in found:
        scores = pd.DataFrame(
            {
                "study": agreement.search.name,
                "trial": [pair.searched.number for pair in agreement.pairs],
                "search_score": [pair.searched.value for pair in agreement.pairs],
                "repetition_score": [pair.repeated.value for pair in agreement.pairs],
            }
        )
        for name, study in (("search", agreement.search), ("repetition", agreement.repetition)):
            ranks = scores[f"{name}_score"].rank(ascending=not study.is_maximized, method="min")
            scores[f"{name}_rank"] = ranks.astype(np.int64)
            scores[f"{name}_images"] = study.budget.get("images")
            scores[f"{name}_epochs"] = study.budget.get("epochs")
        frames.append(scores)
    return pd.concat(frames, ignore_index=True)


def _budget(study: StudyRecord) -> str:
    images, epochs = study.budget.get("images"), study.budget.get("epochs")
    if images is None or epochs is None:
        return "a budget that is not recorded"
    return f"{images:,} images for {epochs} epoch{'s' if epochs > 1 else ''}"
