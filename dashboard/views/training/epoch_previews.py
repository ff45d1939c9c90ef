"""Reconstructions of the same six images after each epoch, selected by a slider."""

from collections.abc import Sequence

import streamlit as st

from core.analysis.labels import label_of
from core.store import ArtifactError
from core.training_records.runs import TrainingRun
from dashboard.views.training.preview_cache import load_previews
from dashboard.widgets.previews import HELP, show_originals, show_preview
from dashboard.widgets.states import show_artifact_error

#: Right end of the slider, which follows the newest epoch of a running training.
NEWEST = "newest"

NONE_LINE = "None of the chosen runs kept images: they were trained before histories had any."
SLIDER_HELP = "Each run shows its newest images at or before that epoch."


def show_epoch_previews(runs: Sequence[TrainingRun]) -> None:
    """Originals, and below them the preview of each run at the chosen epoch."""
    st.subheader("Reconstructions over epochs", help=HELP)
    epochs = sorted({epoch for run in runs for epoch in run.preview_epochs})
    if not epochs:
        st.caption(NONE_LINE)
        return
    epoch = choose_epoch(epochs)
    show_originals()
    for run in runs:
        show_run_preview(run, epoch)


def choose_epoch(epochs: Sequence[int]) -> int:
    """Epoch on the slider; the newest at first."""
    if len(epochs) == 1:
        return epochs[0]
    options: list[int | str] = [*epochs[:-1], NEWEST]
    chosen = st.select_slider(
        "Epoch",
        options,
        value=NEWEST,
        key="epoch",
        bind="query-params",
        help=SLIDER_HELP,
    )
    return epochs[-1] if chosen == NEWEST else int(chosen)


def show_run_preview(run: TrainingRun, epoch: int) -> None:
    """Newest preview of a run at or before an epoch, or the reason why there is none."""
    try:
        previews = load_previews(run)
    except ArtifactError as error:
        show_artifact_error(error)
        return
    found = max((number for number in previews if number <= epoch), default=None)
    if found is None:
        until = f" up to epoch {epoch}" if previews else ""
        st.caption(f"**{label_of(run.name)}** kept no images{until}.")
        return
    of = f"{label_of(run.name)} after epoch {found}"
    title = f"**{label_of(run.name)}** after epoch {found}"
    show_preview(previews[found], title=title, of=of)
