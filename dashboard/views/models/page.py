"""Page Models: the trained models' cards and their reconstructions."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from core.analysis.labels import label_of
from core.evaluation.measurements import summary
from core.store import MissingArtifact
from core.training_records.model_card import ModelCard
from core.training_records.model_cards import PREFIX, Cards, learned_codecs, read_cards
from dashboard import formats
from dashboard.charts.colors import in_legend_order
from dashboard.data.store import DATASET, dataset_state, load_results, open_store, store_state
from dashboard.views.models.card import show_card
from dashboard.views.models.reconstruction_strips import show_strips
from dashboard.widgets.deferred import draw_when_reached
from dashboard.widgets.downloads import download_csv
from dashboard.widgets.states import show_empty, show_problems

TITLE = "Models"
ICON = ":material/hub:"
GROUP = "Evidence"
ORDER = 8

INTRODUCTION = "The networks behind the learned codecs, each with what it makes of an image."


def load_cards() -> Cards:
    """All models; cached by the state of their artifacts."""
    return _cards(store_state(PREFIX))


@st.cache_resource(max_entries=2, show_spinner=False)
def _cards(state: str) -> Cards:
    return read_cards(open_store())


def means_of(name: str) -> pd.DataFrame:
    """Means per setting of a model's codec on the test images."""
    means = _means(dataset_state(DATASET))
    return means[means["codec"] == name]


@st.cache_resource(max_entries=2, show_spinner=False)
def _means(state: str) -> pd.DataFrame:
    frame = load_results().frame
    return summary(frame[frame["codec"].isin(list(learned_codecs()))])


def main() -> None:
    """The page."""
    st.title(TITLE)
    st.markdown(INTRODUCTION)
    cards, problems, untrained = load_cards()
    show_problems(problems)
    names = in_legend_order(list(cards))
    if names:
        table = overview([cards[name] for name in names])
        show_overview(table)
        download_csv(table, file_name="bottleneck-models.csv", key="csv-models")
    if untrained:
        show_untrained(untrained)
    if names:
        show_trained(cards, names)


def show_trained(cards: dict[str, ModelCard], names: list[str]) -> None:
    """One model in full, and the strips of all."""
    name = st.segmented_control(
        "Card of",
        names,
        default=names[0],
        format_func=label_of,
        required=True,
        key="model",
        bind="query-params",
    )
    if (other := load_results().other_models.get(name)) is not None:
        show_other_model(name, other.command)
    show_card(cards[name], means_of(name))
    learned = [name for name in names if name in learned_codecs()]
    draw_when_reached(
        partial(show_strips, learned), key="models-strips", title="Reconstructions", height=900
    )


def show_other_model(name: str, command: str) -> None:
    """Says that the results are of another model than the stored one, and what measures anew."""
    st.warning(
        f"The results of **{label_of(name)}** are of another model than this one: the curves and "
        "the sizes below belong to the model that was measured. To measure this one:",
        icon=":material/history:",
    )
    st.code(command, language=None)


def overview(models: list[ModelCard]) -> pd.DataFrame:
    """One row per model with what models are compared by."""
    return pd.DataFrame(
        {
            "model": model.name,
            "label": label_of(model.name),
            "parameters": model.parameters,
            "multiply_adds_per_pixel": sum(model.multiply_adds_per_pixel.values()) or None,
            "latent": " x ".join(map(str, model.latent or ())) or None,
            "values_per_pixel": model.values_per_pixel,
            "validation_psnr_db": model.validation and model.validation.psnr_db,
            "validation_ssim": model.validation and model.validation.ssim,
            "epochs": model.training.epochs,
            "seconds": model.training.seconds,
            "seed": model.training.seed,
            "training_data_sha256": model.data_digest,
            "commit": model.manifest.commit,
            "bytes_on_disk": model.bytes_on_disk,
        }
        for model in models
    )


def show_overview(table: pd.DataFrame) -> None:
    """Shows the table of `overview`."""
    number = st.column_config.NumberColumn
    columns: dict[str, Any] = {
        "label": st.column_config.TextColumn("Model", pinned=True),
        "parameters": number("Parameters", format="localized"),
        "multiply_adds_per_pixel": number("Multiply-adds/pixel", format="localized"),
        "latent": "Latent",
        "values_per_pixel": number("Values/pixel", format="%.2f"),
        "validation_psnr_db": number("PSNR (dB), float latent", format=formats.DECIBELS),
        "validation_ssim": number("SSIM, float latent", format=formats.SSIM),
        "epochs": "Epochs",
        "bytes_on_disk": number("Bytes on disk", format=formats.BYTES),
    }
    st.dataframe(
        table,
        hide_index=True,
        column_order=list(columns),
        column_config=columns,
        height="content",
        placeholder="-",
    )


def show_untrained(missing: Sequence[MissingArtifact]) -> None:
    """The commands that train what is missing."""
    labels = "; ".join(label_of(error.key.removeprefix(PREFIX)) for error in missing)
    show_empty(
        f"Not trained yet: {labels}",
        why="A training writes its networks, tables and card when it ends:",
        command="\n".join(error.command for error in missing),
    )


main()
