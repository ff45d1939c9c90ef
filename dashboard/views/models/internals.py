"""Internals of a trained model: values per layer and rates of the latent channels."""

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.store import ArtifactError
from core.training_records.model_card import ModelCard
from core.training_records.model_cards import (
    PREFIX,
    channel_bits,
    measured_channel_bits,
    read_tables,
)
from core.training_records.model_layers import Layer
from dashboard.data.store import open_store, store_state
from dashboard.views.models.charts import channel_figure, channel_table, layer_figure, layer_table
from dashboard.widgets.bounded import bounded_slider
from dashboard.widgets.charts import show_chart
from dashboard.widgets.downloads import download_csv
from dashboard.widgets.states import show_artifact_error

_LAYER_NOTE = (
    "Dotted line: number of values in the image itself. Layers beyond it have more values."
)
_POOLING_NOTE = (
    "Activations are drawn with their convolution; they are computed after the pooling, with the "
    "same result."
)
_TABLE_NOTE = "Entropy of the channel's static table on the validation images."
_MEASURED_NOTE = "Mean over validation images; side information comes on top."
_FIRST_QUALITY = 70
_IDLE_NOTE = "A channel near zero carries almost no information at this quantiser step size."


def show_layers(model: ModelCard) -> None:
    """Diagram of the network."""
    st.subheader("Layers")
    found = list(model.layers)
    if not found:
        st.markdown("The card of this model does not describe its layers.")
        return
    alt = f"Values after each layer of {model.name}, from the image to the image."
    figure = _layer_figure(model.name, store_state(f"{PREFIX}{model.name}"), found)
    show_chart(figure, key="layers", name=f"{model.name}-layers", alt=alt)
    pooled = any("pooling" in layer.step for layer in found)
    st.caption(f"{_LAYER_NOTE} {_POOLING_NOTE}" if pooled else _LAYER_NOTE)
    download_csv(layer_table(found), file_name=f"{model.name}-layers.csv", key="csv-layers")


def show_channels(model: ModelCard) -> None:
    """Rate of each channel of the latent at a chosen quality."""
    st.subheader("Rate per latent channel")
    stride, measured = model.stride or 1, measured_channel_bits(model)
    if measured:
        quality = st.select_slider(
            "Quality",
            sorted(measured),
            value=sorted(measured)[len(measured) // 2],
            key="measured_quality",
            bind="query-params",
        )
        _show_channel_table(
            model, channel_table(measured[quality], stride=stride), quality, _MEASURED_NOTE
        )
        return
    state = store_state(f"{PREFIX}{model.name}")
    try:
        if _channels(model.name, _FIRST_QUALITY, stride, state) is None:
            st.markdown("The card of this model has no rates of its channels.")
            return
        quality = bounded_slider("Quality", 1, 100, _FIRST_QUALITY, key="channel_quality")
        table = _channels(model.name, quality, stride, state)
    except ArtifactError as error:
        show_artifact_error(error)
        return
    if table is not None:
        _show_channel_table(model, table, quality, _TABLE_NOTE)


def _show_channel_table(model: ModelCard, table: pd.DataFrame, quality: int, note: str) -> None:
    alt = f"Bits per symbol of each latent channel of {model.name}, by cost."
    state = store_state(f"{PREFIX}{model.name}")
    figure = _channel_figure(model.name, quality, state, table)
    show_chart(figure, key="channels", name=f"{model.name}-channels", alt=alt)
    total = table["bits_per_pixel"].sum()
    idle = int((table["bits_per_symbol"] < 0.05).sum())
    st.caption(
        f"{total:.2f} bits per pixel altogether; {idle} of {len(table)} channels take less than "
        f"0.05 bits per symbol. {note} {_IDLE_NOTE}"
    )
    name = f"{model.name}-channels-quality-{quality}.csv"
    download_csv(table, file_name=name, key="csv-channels")


@st.cache_resource(max_entries=16, show_spinner=False)
def _layer_figure(name: str, state: str, _layers: list[Layer]) -> go.Figure:
    return layer_figure(_layers, codec=name)


@st.cache_resource(max_entries=64, show_spinner=False)
def _channel_figure(name: str, quality: int, state: str, _table: pd.DataFrame) -> go.Figure:
    return channel_figure(_table, codec=name)


@st.cache_resource(max_entries=64, show_spinner=False)
def _channels(name: str, quality: int, stride: int, state: str) -> pd.DataFrame | None:
    tables = read_tables(open_store(), name)
    if tables is None:
        return None
    return channel_table(channel_bits(tables, quality), stride=stride)
