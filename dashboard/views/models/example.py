"""Reconstruction of a sample image, at the top of a model's card."""

import streamlit as st

from core.analysis.labels import label_of
from core.codecs import find_codec
from core.dataset.splits import sample_images
from core.store import ArtifactError
from dashboard import formats
from dashboard.data.samples import stored_sample
from dashboard.views.models.reconstruction_strips import ModelOutput, reconstruction
from dashboard.widgets.pixels import show_pixels

#: Quality of the file that is shown.
QUALITY = 50


def show_example(model: str) -> None:
    """A sample image and its reconstructions: from the file, and from the float latent."""
    title = next(iter(sample_images()))
    image = stored_sample(title)
    with st.container(horizontal=True, gap="small", vertical_alignment="top"):
        show_pixels(image, alt=f"{title}, original", caption="Original, 160x160")
        for quality, name in _kinds(model):
            try:
                found = reconstruction(image, model, quality)
            except (ArtifactError, ValueError) as error:
                st.warning(str(error), width=200)
                continue
            alt = f"{title}, {label_of(model)}, {name}"
            show_pixels(found.pixels, alt=alt, caption=f"**{name}**: {figures(found)}")


def figures(found: ModelOutput) -> str:
    """Size and quality of a reconstruction in one line."""
    size = "" if found.byte_count is None else f"{formats.byte_count(found.byte_count)} · "
    return f"{size}{formats.decibels(found.psnr_db)} · SSIM {formats.SSIM % found.ssim}"


def _kinds(model: str) -> list[tuple[int | None, str]]:
    """Qualities to show with their labels; None is the latent without quantisation."""
    codec = find_codec(model)
    kinds: list[tuple[int | None, str]] = []
    if codec and codec.at is not None:
        kinds.append((QUALITY, f"File, quality {QUALITY}"))
    if codec and codec.references is not None:
        kinds.append((None, "Floating-point latent"))
    return kinds
