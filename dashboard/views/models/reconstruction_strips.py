"""The strips of the thesis: an image and its reconstruction by each autoencoder."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import streamlit as st

from core.analysis.labels import label_of
from core.codecs import get_codec
from core.dataset.splits import Split, sample_images
from core.images import Image
from core.metrics import psnr_db, ssim
from core.store import ArtifactError
from core.training_records.model_cards import PREFIX
from dashboard import glossary
from dashboard.charts.colors import codec_style
from dashboard.data.samples import stored_sample
from dashboard.data.store import load_split, open_store, store_state
from dashboard.widgets.bounded import bounded_number, bounded_slider
from dashboard.widgets.comparison_viewer import ViewerLayer
from dashboard.widgets.pinned_viewer import pinned_viewer
from dashboard.widgets.pixels import show_pixels

LATENTS = {"float": "Floating-point, as in the thesis", "file": "Quantised to a file"}
ROWS = 3
_ORIGINAL_COLOR = "#8f93a7"
_SAMPLES_LINE = (
    "Built-in sample images, resized to 160x160 like the data set. Once the data set is prepared "
    "on this machine (`python -m pipelines.prepare`), its test images are shown here."
)


class Shown(NamedTuple):
    """An image of the strips.

    Attributes:
        title: Display label.
        pixels: The original.
    """

    title: str
    pixels: Image


class ModelOutput(NamedTuple):
    """Reconstruction of an image by a model.

    Attributes:
        pixels: The image.
        psnr_db: Against the original.
        ssim: Against the original.
        bits_per_pixel: Of the file; None for a floating-point latent.
        byte_count: Size of the file; None for a floating-point latent.
    """

    pixels: Image
    psnr_db: float
    ssim: float
    bits_per_pixel: float | None
    byte_count: int | None = None

    @property
    def readout(self) -> dict[str, str]:
        """Its figures by label, as texts."""
        rate = {} if self.bits_per_pixel is None else {"bpp": f"{self.bits_per_pixel:.2f}"}
        return rate | {"PSNR": f"{self.psnr_db:.2f} dB", "SSIM": f"{self.ssim:.4f}"}


def show_strips(models: Sequence[str]) -> None:
    """Original and reconstructions of a few images, and one of them in the viewer.

    Args:
        models: Trained models that have a codec, in the order of the strip.
    """
    st.subheader("All models on the same images", help=f"{glossary.FLOAT_LATENT} {glossary.PSNR}")
    images = choose_images()
    quality = choose_latent()
    if quality is None:
        # The learned codec has no such latent: it was trained on quantised ones.
        models = [name for name in models if get_codec(name).references is not None]
    for image in images:
        st.markdown(f"**{image.title}**")
        with st.container(horizontal=True, gap="small", vertical_alignment="top"):
            show_pixels(image.pixels, alt=f"{image.title}, original", caption="Original")
            for model in models:
                show_reconstruction(image, model, quality)
    if images:
        show_closer(images, models, quality)


def choose_images() -> list[Shown]:
    """A few test images where the data is prepared, built-in samples otherwise."""
    try:
        return choose_test_images(load_split("test"))
    except ArtifactError:
        samples = list(sample_images())
    st.caption(_SAMPLES_LINE)
    chosen = st.multiselect(
        "Sample images",
        samples,
        default=samples[:ROWS],
        max_selections=2 * ROWS,
        key="samples",
        bind="query-params",
        wrap=True,
    )
    return [Shown(title, stored_sample(title)) for title in chosen]


def choose_test_images(split: Split) -> list[Shown]:
    """Test images by class and either a seed or a number."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        name = st.selectbox(
            "Class",
            sorted(set(split.classes)),
            index=None,
            placeholder="All classes",
            key="class",
            bind="query-params",
            width=240,
        )
        way = st.segmented_control(
            "Pick by",
            ["Seed", "Number"],
            default="Seed",
            required=True,
            key="pick",
            bind="query-params",
            help="A seed draws three images; a number takes that image and the two after it.",
        )
        rows = [row for row, found in enumerate(split.classes) if name in (None, found)]
        value = choose_position(way, len(rows))
    if way == "Seed":
        drawn = np.random.default_rng(value).permutation(len(rows))[:ROWS]
        rows = [rows[index] for index in drawn]
    else:
        rows = rows[value - 1 : value - 1 + ROWS]
    return [
        Shown(f"{split.classes[row]}, {split.ids[row]}", np.asarray(split.images[row]))
        for row in rows
    ]


def choose_position(way: str, count: int) -> int:
    """Seed of the draw, or number of the first image from 1."""
    if way == "Seed":
        return bounded_number("Seed", 0, 9999, 0, key="seed", width=140)
    label = f"Number, of {count:,}"
    return bounded_number(label, 1, count, 1, key="number", width=140)


def choose_latent() -> int | None:
    """Quality of the files to show; None for floating-point latents."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        latent = st.segmented_control(
            "Latent",
            list(LATENTS),
            default="float",
            format_func=lambda name: LATENTS[name],
            required=True,
            key="latent",
            bind="query-params",
            help=glossary.FLOAT_LATENT,
        )
        if latent == "float":
            return None
        return bounded_slider("Quality of the file", 1, 100, 70, key="quality")


def show_reconstruction(image: Shown, model: str, quality: int | None) -> None:
    """One reconstruction with its metrics, or the reason why there is none."""
    try:
        found = reconstruction(image.pixels, model, quality)
    except (ArtifactError, ValueError) as error:
        st.warning(f"{label_of(model)}: {error}", width=160)
        return
    figures = " · ".join(f"{label} {value}" for label, value in found.readout.items())
    show_pixels(
        found.pixels,
        alt=f"{image.title}, {label_of(model)}",
        caption=f"**{label_of(model)}**: {figures}",
    )


@st.fragment
def show_closer(images: Sequence[Shown], models: Sequence[str], quality: int | None) -> None:
    """One of the images in the comparison viewer."""
    titles = [image.title for image in images]
    title = st.selectbox("Look closer at", titles, key="closer", bind="query-params")
    image = images[titles.index(title)]
    layers = [ViewerLayer("Original", image.pixels, {}, _ORIGINAL_COLOR)]
    for model in models:
        try:
            found = reconstruction(image.pixels, model, quality)
        except (ArtifactError, ValueError):
            continue
        layers.append(
            ViewerLayer(label_of(model), found.pixels, found.readout, codec_style(model).color)
        )
    pinned_viewer(layers, key="strips")


def reconstruction(image: Image, model: str, quality: int | None) -> ModelOutput:
    """Reconstruction of an image by a model.

    Args:
        image: Original.
        model: Name of the codec.
        quality: Quality of the file; None for the floating-point latent.

    Raises:
        ArtifactError: The model cannot be read.
        ValueError: It does not take the image.
    """
    digest = hashlib.sha256(np.ascontiguousarray(image).data).hexdigest()
    return _reconstruction(model, store_state(f"{PREFIX}{model}"), quality, digest, image)


@st.cache_data(max_entries=128, show_spinner=False)
def _reconstruction(
    model: str, state: str, quality: int | None, digest: str, _image: Image
) -> ModelOutput:
    codec, store = get_codec(model), open_store()
    rate, size = None, None
    if quality is None and codec.references is not None:
        pixels = next(iter(codec.references(store))).reconstruct(_image)
    elif quality is not None and codec.at is not None:
        point = codec.at(quality, store)
        data = point.encode(_image)
        pixels = point.decode(data)
        size = len(data)
        rate = 8 * size / (_image.shape[0] * _image.shape[1])
    else:
        raise ValueError("has no such reconstruction")
    quality_db = psnr_db.measure(_image, pixels)
    return ModelOutput(pixels, quality_db, ssim.measure(_image, pixels), rate, size)
