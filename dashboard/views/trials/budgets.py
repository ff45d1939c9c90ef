"""Whether a search's small budget decides as a larger one: its trials trained again on that."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.plain_english import counted
from core.search.repetition import DECIDED, LEAST_TRIALS, Agreement, Pair, agreements
from core.search.studies import DATASET, DIVERGED, StudyRecord
from dashboard.charts.colors import codec_style
from dashboard.views.trials.optima import signed_score
from dashboard.views.trials.style import NEUTRAL, restyled
from dashboard.widgets.charts import show_chart
from dashboard.widgets.downloads import download_csv

_HEIGHT = 360
#: How the parts of a budget are spoken of.
_BUDGET: Mapping[str, Callable[[Any], str]] = {
    "images": lambda count: counted(count, "image"),
    "epochs": lambda count: counted(count, "epoch"),
    "validation_images": lambda count: f"judged on {counted(count, 'validation image')}",
    "batch": lambda count: f"{counted(count, 'image')} a step",
    "precision": lambda name: f"in {name}",
    "seed": lambda seed: f"seed {seed}",
}
_HELP = (
    "Trials of a search are trained again on another budget. A rank correlation (Spearman) of 1 "
    "means that both put them in the same order, 0 that they have nothing to do with each other."
)


def show_budgets(studies: Mapping[str, StudyRecord], labels: Mapping[str, str]) -> None:
    """A sentence on each search that was repeated on another budget, and both orders drawn."""
    st.subheader("Does a short training decide?", help=_HELP)
    known = {agreement.repetition.name: agreement for agreement in agreements(studies.values())}
    for study in studies.values():
        if study.name in known:
            agreement = known[study.name]
            st.markdown(budget_sentence(agreement, labels[agreement.search.name]))
        elif study.repeats is not None:
            st.info(f"{labels[study.name]} repeats the study {study.repeats}, which is not here.")
    found = [agreement for agreement in known.values() if agreement.is_enough]
    if not found:
        return
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
    search, repetition = agreement.search, agreement.repetition
    if search.attributes.get(DATASET) != repetition.attributes.get(DATASET):
        return f"{label}: trained again on another data set, so nothing is compared."
    differing = [name for name in _BUDGET if search.budget.get(name) != repetition.budget.get(name)]
    parts = [
        f"{label}: **{len(agreement.pairs)} of the search's {search.counts['complete']} complete "
        f"trials** were trained again on {_budget(repetition, differing)}, where the search had "
        f"{_budget(search, differing)}; those that it pruned were not."
    ]
    if not agreement.is_enough:
        return f"{parts[0]} A comparison needs {LEAST_TRIALS}."
    chosen = agreement.chosen
    if agreement.correlation is not None:
        found = f"Both orders have a rank correlation of **{agreement.correlation:.2f}**"
        bounds = agreement.interval
        within = f" (95 %: {bounds.low:.2f} to {bounds.high:.2f})" if bounds else ""
        parts.append(f"{found}{within}.")
    rank = agreement.pairs.index(chosen) + 1
    best = f"The search's best of them, {_named(chosen)}, is"
    if rank == 1:
        parts.append(f"{best} the best there, too.")
    elif round(agreement.loss, 2) == 0:
        parts.append(f"{best} as good there as {_named(agreement.pairs[0])}, the best.")
    else:
        first = _named(agreement.pairs[0])
        parts.append(
            f"{best} number {rank} there, **{agreement.loss:.2f}** below {first} in score."
        )
        if agreement.same_best > 1:
            parts.append(f"The best {agreement.same_best} are **the same on both budgets**.")
    parts += [*_against_thesis(agreement), *_diverged(agreement), *_decided(agreement)]
    return " ".join(parts)


def _decided(agreement: Agreement) -> list[str]:
    """A sentence on the epoch that decides, where the PSNR after each epoch is known."""
    if agreement.decided_from is not None:
        seen = agreement.decided_from * int(agreement.repetition.budget.get("images", 0))
        return [
            f"From epoch {agreement.decided_from} on ({counted(seen, 'image')}) the order "
            f"correlates by {DECIDED} or more with that at the end."
        ]
    if len(agreement.by_epoch) < 2:
        return []
    epoch = sorted(agreement.by_epoch)[-2]
    return [
        f"The order changes up to the last epoch: after epoch {epoch} it correlates by "
        f"{agreement.by_epoch[epoch]:.2f} with that at the end."
    ]


def _named(pair: Pair) -> str:
    """A trial by its number; that with the thesis' values is marked."""
    return f"trial {pair.searched.number}{' (the thesis)' if pair.searched.is_of_thesis else ''}"


def _against_thesis(agreement: Agreement) -> list[str]:
    """A sentence on the thesis' values under both budgets, unless they are the search's choice."""
    chosen, thesis = agreement.chosen, agreement.thesis
    if thesis is None or thesis == chosen:
        return []
    longer = signed_score(agreement.gain(chosen, over=thesis))
    shorter = signed_score(agreement.search_gain(chosen, over=thesis))
    rank = agreement.pairs.index(thesis) + 1
    return [
        f"The thesis' values, trial {thesis.searched.number}, are number {rank} there: against "
        f"them the search's best has **{longer}** there, and {shorter} in the search."
    ]


def _diverged(agreement: Agreement) -> list[str]:
    """A sentence on the repeated trials that diverged on the way, where any did."""
    trials = [pair.repeated for pair in agreement.pairs]
    count = sum(bool(trial.attributes.get(DIVERGED)) for trial in trials)
    if not count:
        return []
    return [
        f"There **{count} of {len(trials)} trials diverged in an epoch**, which is not repeated: "
        "their ranks may be chance."
    ]


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
            customdata=table[["trial", "search_score", "repetition_score", "mark"]],
            hovertemplate="Trial %{customdata[0]} %{customdata[3]}<br>"
            "score %{customdata[1]:.2f} in the search<br>"
            "score %{customdata[2]:.2f} on the other budget",
        )
    for update, title in (
        (figure.update_xaxes, "Rank in the search, of the repeated trials"),
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
                "mark": [
                    "thesis" if pair.searched.is_of_thesis else "" for pair in agreement.pairs
                ],
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


def _budget(study: StudyRecord, differing: Sequence[str]) -> str:
    """The parts of a budget that differ from the other's, as a phrase."""
    shown = [_BUDGET[name](study.budget[name]) for name in differing if name in study.budget]
    return ", ".join(shown) or "the same budget"
