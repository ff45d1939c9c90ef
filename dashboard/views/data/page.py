"""The data set behind every number: source, split, classes, preprocessing and biases."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core.analysis.labels import label_of
from core.dataset.splits import KEY, SPLITS, Split, sample_images
from core.evaluation.results import results_of_other_images
from core.images import Image
from core.plain_english import counted
from core.store import ArtifactError, Manifest
from dashboard.data.samples import stored_sample
from dashboard.data.store import DATASET, load_index, load_split, open_store
from dashboard.views.data.index_cache import IndexSummary, load_index_summary
from dashboard.views.data.index_table import show_index
from dashboard.views.data.provenance import PUBLISHED, archive_line
from dashboard.widgets.charts import show_chart
from dashboard.widgets.deferred import draw_when_reached
from dashboard.widgets.downloads import download_csv
from dashboard.widgets.pixels import show_pixels
from dashboard.widgets.states import (
    show_artifact_error,
    show_provenance,
)

TITLE = "Data"
ICON = ":material/dataset:"
GROUP = "Evidence"
ORDER = 9

INTRODUCTION = (
    "The results that come with this dashboard are measured on Imagenette, ten classes of ImageNet "
    "that are easy to tell apart, resized to 160x160 pixels as in the thesis."
)
LICENCE = (
    "Imagenette's lists and code are under the Apache licence 2.0, but the photographs are "
    "ImageNet's and come with its terms for research. So none of them is shipped with this "
    "program: a clone holds the index and the measurements, and the images are made again on "
    "each machine. The sample images are photographs that come with scikit-image."
)
JPEG_WARNING = (
    "**The originals are JPEG files.** They were already compressed before any codec here was "
    "measured on them: fine colour detail is gone, and faint edges of JPEG's 8x8 blocks remain. A "
    "codec that works like JPEG (a block transform, colour at half resolution) loses little more, "
    "so the results favour it over codecs that preserve detail which these images never had."
)
SQUARE = (
    "The whole image is resized to a square; nothing is cropped. The filter is antialiased: fine "
    "patterns are blurred instead of causing aliasing."
)
PROPORTIONS = "An image that was not square changes its proportions."
ALL_SQUARE = "All sources of this data set are square and keep their proportions."
STRIP_COUNT = 15


def load_manifest_or_show() -> Manifest | None:
    """Manifest of the data set; if it cannot be read, shows an error and returns None."""
    try:
        return open_store().manifest(KEY)
    except ArtifactError as error:
        show_artifact_error(error)
        return None


def load_index_or_show() -> pd.DataFrame | None:
    """Index of the data set; if it cannot be read, shows an error and returns None."""
    try:
        return load_index()
    except ArtifactError as error:
        show_artifact_error(error)
        return None


def show_archive(manifest: Manifest, index: pd.DataFrame | None) -> None:
    """Which archive the images come from, and which results were measured on other images."""
    st.markdown(archive_line(manifest.facts, index))
    if foreign := results_of_other_images(open_store(), DATASET):
        named = ", ".join(label_of(codec) for codec in foreign)
        st.warning(
            f"Measured on other test images than those of this data set: {named}. Measure again:",
            icon=":material/history:",
        )
        st.code(f"python -m pipelines.evaluate {' '.join(foreign)}", language=None)


def show_counts(facts: Mapping[str, Any]) -> None:
    """Sizes of the splits, and special features of the images."""
    counts = facts["counts"]
    duplicates = facts["near_duplicates"]
    tiles = [
        *((split.capitalize(), counts[split], None) for split in SPLITS),
        ("Without colour", sum(facts["grey_counts"].values()), "Red, green and blue are equal."),
        ("Near-duplicates", duplicates["count"], duplicates["method"]),
    ]
    with st.container(horizontal=True):
        for label, value, help_text in tiles:
            st.metric(label, f"{value:,}", help=help_text, border=True, width=168)


def show_source(manifest: Manifest) -> None:
    """Where the images come from and how they were divided."""
    facts = manifest.facts
    st.subheader("Source and split")
    published = facts.get("is_published_archive")
    rows = {
        "Source": facts["source"],
        "Published archive": "yes" if published else f"no: not {PUBLISHED}",
        "Split": facts["split"],
        "Resizing": facts["resize"],
        "Pixels": facts["colour"],
    }
    hashes = {
        "Archive, sha256": f"`{facts['archive_sha256'] or 'none: a folder'}`",
        "Source files and split, sha256": f"`{facts['images_sha256']}`",
        "Pixels, sha256": f"`{facts['sha256']}`",
    }
    _show_rows(rows)
    with st.expander("Hashes"):
        _show_rows(hashes)
    pairs = pd.DataFrame(facts["near_duplicates"]["pairs"])
    if len(pairs):
        with st.expander(f"{counted(len(pairs), 'pair')} of near-duplicates between splits"):
            st.dataframe(pairs, hide_index=True)
    show_provenance(manifest)


def _show_rows(rows: Mapping[str, str]) -> None:
    st.table(pd.DataFrame(rows.items()), border="horizontal", hide_header=True, hide_index=True)


def show_classes(summary: IndexSummary) -> None:
    """Classes by split, as a figure and as numbers."""
    st.subheader("Classes", help="Equal marks in a row: the class is as frequent in each split.")
    table = summary.classes
    left, right = st.columns([3, 2], gap="medium")
    with left:
        alt = "Share of each class in the train, validation and test split."
        show_chart(summary.class_figure, key="classes", name="imagenette160-classes", alt=alt)
    with right:
        columns = {"class_name": "Class", **{name: name.capitalize() for name in SPLITS}}
        st.dataframe(
            table, hide_index=True, height="content", column_config=columns | {"total": "All"}
        )
        download_csv(table, file_name="imagenette160-classes.csv", key="csv-classes")


def show_preprocessing(summary: IndexSummary | None) -> None:
    """The preprocessing, demonstrated on a sample image."""
    st.subheader("From the source to 160x160")
    all_square = summary is not None and summary.shapes is None
    st.markdown(f"{SQUARE} {ALL_SQUARE if all_square else PROPORTIONS}")
    samples = sample_images()
    title = st.selectbox(
        "Sample image",
        list(samples),
        index=oblong(samples),
        key="sample",
        bind="query-params",
        width=320,
    )
    before = samples[title]
    height, width = before.shape[:2]
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        show_pixels(
            thumbnail(before),
            alt=f"{title} in its own proportions",
            caption=f"Before: {width} x {height} (shown smaller)",
        )
        show_pixels(
            stored_sample(title),
            alt=f"{title} as the data set would keep it",
            caption="After: 160 x 160",
        )
    if summary is None:
        return
    if summary.shape_figure is not None and summary.shapes is not None:
        alt = "Number of source images by the ratio of width to height."
        show_chart(summary.shape_figure, key="shapes", name="imagenette160-shapes", alt=alt)
        download_csv(summary.shapes, file_name="imagenette160-shapes.csv", key="csv-shapes")
    st.caption(summary.sizes)


def oblong(samples: Mapping[str, Image]) -> int:
    """Index of the first image that is not square."""
    shapes = [image.shape for image in samples.values()]
    return next((index for index, (high, wide, _) in enumerate(shapes) if high != wide), 0)


def thumbnail(image: Image, *, height: int = 240) -> Image:
    """The image in its own proportions, small enough for a page."""
    import PIL.Image

    width = round(image.shape[1] * height / image.shape[0])
    resized = PIL.Image.fromarray(image).resize((width, height), PIL.Image.Resampling.LANCZOS)
    return np.asarray(resized)


def show_images(class_names: Sequence[str]) -> None:
    """Images of a split, a page at a time."""
    st.subheader("Images")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = st.segmented_control(
            "Split", list(SPLITS), default="test", required=True, key="split", bind="query-params"
        )
        name = st.selectbox(
            "Class",
            class_names,
            index=None,
            placeholder="All classes",
            key="class",
            bind="query-params",
            width=260,
        )
    try:
        images = load_split(split)
    except ArtifactError as error:
        show_artifact_error(error)
        return
    show_strip(images, name)


def show_strip(images: Split, class_name: str | None) -> None:
    """One page of images, shown without resampling."""
    rows = [row for row, found in enumerate(images.classes) if class_name in (None, found)]
    pages = max(1, -(-len(rows) // STRIP_COUNT))
    page = st.pagination(pages, key="page", bind="query-params") if pages > 1 else 1
    # Every `pages`-th image, so that a page shows all classes and not one after the other.
    with st.container(horizontal=True, gap="small"):
        for row in rows[page - 1 :: pages]:
            show_pixels(
                np.asarray(images.images[row]),
                alt=f"{images.classes[row]}, image {images.ids[row]}",
                caption=images.classes[row],
            )


def main() -> None:
    """The page."""
    st.title(TITLE)
    st.markdown(INTRODUCTION)
    manifest = load_manifest_or_show()
    index = load_index_or_show() if manifest else None
    if manifest:
        show_archive(manifest, index)
        show_counts(manifest.facts)
    st.warning(JPEG_WARNING, icon=":material/warning:")
    if manifest:
        show_source(manifest)
    summary = None if index is None else load_index_summary()
    if summary:
        draw_when_reached(
            partial(show_classes, summary), key="data-classes", title="Classes", height=480
        )
    draw_when_reached(
        partial(show_preprocessing, summary),
        key="data-preprocessing",
        title="From the source to 160x160",
        height=800,
    )
    if summary:
        draw_when_reached(
            partial(show_images, summary.class_names),
            key="data-images",
            title="Images",
            height=500,
        )
    if index is not None:
        draw_when_reached(
            partial(show_index, index, manifest), key="data-index", title="Index", height=520
        )
    st.subheader("Licence")
    st.markdown(LICENCE)


main()
