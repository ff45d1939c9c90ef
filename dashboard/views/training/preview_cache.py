"""Cache of trainings' previews, by the state of their files."""

from collections.abc import Mapping

import streamlit as st

from core.images import Image
from core.store.key import file_name
from core.training_records.previews import read_previews
from core.training_records.runs import TrainingRun
from dashboard.data.store import open_store


def load_previews(run: TrainingRun) -> Mapping[int, Image]:
    """Preview of a training by epoch; empty where it kept none.

    Raises:
        ArtifactError: They are missing or damaged.
    """
    if not run.preview_epochs:
        return {}
    key = run.manifest.key
    # A running training commits its history every few seconds, mostly with the same previews.
    file = run.manifest.files[file_name(key, "png")]
    return _previews(str(open_store().root), key, file.sha256)


@st.cache_resource(max_entries=12, show_spinner=False)
def _previews(root: str, key: str, sha256: str) -> Mapping[int, Image]:
    return read_previews(open_store(), key).rows
