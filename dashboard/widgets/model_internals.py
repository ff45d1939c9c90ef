"""The inside of one trained model: what its layers hold and what its latent channels cost."""

import pandas as pd
import streamlit as st

from core.model_cards import PREFIX, ModelCard, channel_bits, layers, read_tables
from core.store import ArtifactError
from dashboard.cache import fingerprint, open_store
from dashboard.charts.models import channel_figure, channel_table, layer_figure, layer_table
from dashboard.widgets.charts import CONFIG
from dashboard.widgets.downloads import download_csv
from dashboard.widgets.states import show_artifact_error

_LAYER_NOTE = (
    "Dotted line: the numbers that the picture itself has. A bar beyond it holds more than the "
    "picture. Activations are drawn with their convolution; they are computed after the pooling, "
    "with the same result."
)
_CHANNEL_NOTE = (
    "Entropy of the channel's static table on the validation pictures. A channel near zero carries "
    "next to nothing: the network does not use it at this step size."
)


def show_layers(model: ModelCard) -> None:
    """Diagram of the network."""
    st.subheader("Layers")
    found = layers(model)
    if not found:
        st.markdown("The card of this model does not describe its layers.")
        return
    alt = f"Numbers held after each layer of {model.name}, from the picture to the picture."
    figure = layer_figure(found, family=model.name)
    st.plotly_chart(figure, key="layers", config=CONFIG, alt=alt)
    st.caption(_LAYER_NOTE)
    download_csv(layer_table(found), file_name=f"{model.name}-layers.csv", key="csv-layers")


def show_channels(model: ModelCard) -> None:
    """Rate of each channel of the latent at a chosen quality."""
    st.subheader("Rate per latent channel")
    quality = st.slider("Quality", 1, 100, 70, key="channel_quality", bind="query-params")
    stride, state = int(model.card.get("stride", 1)), fingerprint(f"{PREFIX}{model.name}")
    try:
        table = _channels(model.name, quality, stride, state)
    except ArtifactError as error:
        show_artifact_error(error)
        return
    if table is None:
        st.markdown("This model has no static tables: its rate depends on the picture alone.")
        return
    alt = f"Bits per symbol of each latent channel of {model.name}, the dearest first."
    figure = channel_figure(table, family=model.name)
    st.plotly_chart(figure, key="channels", config=CONFIG, alt=alt)
    total = table["bits_per_pixel"].sum()
    idle = int((table["bits_per_symbol"] < 0.05).sum())
    st.caption(
        f"{total:.2f} bits per pixel altogether; {idle} of {len(table)} channels take less than "
        f"0.05 bits per symbol. {_CHANNEL_NOTE}"
    )
    name = f"{model.name}-channels-quality-{quality}.csv"
    download_csv(table, file_name=name, key="csv-channels")


@st.cache_data(max_entries=64, show_spinner=False)
def _channels(name: str, quality: int, stride: int, state: str) -> pd.DataFrame | None:
    tables = read_tables(open_store(), name)
    if tables is None:
        return None
    return channel_table(channel_bits(tables, quality), stride=stride)
