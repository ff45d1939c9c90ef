"""Reconstructions of the same six images by the models of trials."""

from collections.abc import Sequence

import streamlit as st

from core.plain_english import counted
from core.search.studies import StudyRecord, TrialRecord
from core.search.trial_previews import MAX_PACKED, TrialPreviews
from core.store import ArtifactError
from dashboard.data.store import open_store
from dashboard.widgets.previews import HELP, show_originals, show_preview
from dashboard.widgets.states import show_artifact_error

WHY_NONE = (
    "Images are kept on the machine that trained a trial, and of a finished search for the "
    f"{MAX_PACKED} best trials; the first searches kept none."
)


def show_trial_previews(study: StudyRecord, trials: Sequence[TrialRecord]) -> None:
    """Originals, and below them the preview of each trial's last finished epoch."""
    st.subheader("Reconstructions", help=HELP)
    try:
        previews = TrialPreviews(open_store(), study.name).read(trials)
    except ArtifactError as error:
        show_artifact_error(error)
        return
    if previews:
        show_originals()
    for trial in trials:
        if trial.number in previews:
            name = _name(trial)
            show_preview(previews[trial.number], title=f"**{name}**", of=name)
    without = [str(trial.number) for trial in trials if trial.number not in previews]
    if without:
        which = f"Trial {without[0]} has" if len(without) == 1 else f"Trials {_list(without)} have"
        st.caption(f"{which} no images here. {WHY_NONE}")


def _name(trial: TrialRecord) -> str:
    count = trial.attributes.get("epochs")
    after = f" after {counted(count, 'epoch')}" if count else ""
    return f"Trial {trial.number}{after}"


def _list(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"
