"""What the curves are over, and what is not among them."""

from typing import NamedTuple

import pandas as pd
import streamlit as st

from core.analysis.bd_tables import bd_rates_of
from core.analysis.curve_views import exact_line
from core.analysis.headlines import LEARNED
from core.analysis.image_sizes import size_line
from core.analysis.labels import label_of, labels
from core.analysis.source_quality import compressed_before_line, falls_line, first_falls
from core.evaluation.results import Results
from core.metrics import metrics, psnr_db
from dashboard.charts.captions import basis_line
from dashboard.data.curves import (
    View,
    load_bd_matrix,
    load_exact_settings,
    load_measurements,
    load_overheads,
)
from dashboard.data.store import load_manifest
from dashboard.views.rate_distortion.controls import unmeasured_line
from dashboard.views.rate_distortion.quoted import show_sources

#: The pair whose lead depends most on what counts as the rate.
BOXED = "avif_444"


class Drawn(NamedTuple):
    """What the controls leave to draw.

    Attributes:
        view: Which curves.
        points: Points of the curves.
        lossless: Marks of the lossless codecs.
        removed: Sentences on the points that the range of rates leaves out and on the codecs
            that the view cannot draw, or nothing.
        quoted: Keys of the curves that are quoted.
    """

    view: View
    points: pd.DataFrame
    lossless: pd.DataFrame
    removed: str
    quoted: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left."""
        return self.points.empty and self.lossless.empty


def show_basis(drawn: Drawn, results: Results, *, most: float) -> None:
    """What the points are over, and what is not among them."""
    view, chosen = drawn.view, metrics()[drawn.view.metric]
    total = results.frame["image"].nunique()
    basis = basis_line(
        drawn.points,
        total=total,
        on_subset=chosen.ON_SUBSET_ONLY,
        payload=view.payload,
        pooled=view.pooled,
    )
    lines = (basis, drawn.removed, _exact_line(drawn), size_line(results.frame))
    st.caption(" ".join(filter(None, lines)))
    if line := unmeasured_line(results.frame, view.metric, labels(), view.dataset):
        st.info(line)
    show_source_quality(drawn, results)
    if drawn.quoted:
        show_sources(view, drawn.quoted, most=most)
    if view.payload and (line := containers_line(view)):
        st.info(line)


def _exact_line(drawn: Drawn) -> str:
    """Which settings the curves lack because they keep every pixel."""
    if drawn.view.metric != psnr_db.NAME:
        return ""
    found = load_exact_settings(drawn.view)
    codecs = set(drawn.points["codec"])
    return exact_line({label_of(name): found[name] for name in found if name in codecs})


def show_source_quality(drawn: Drawn, results: Results) -> None:
    """Says where images were compressed before, and which curves do not rise steadily."""
    prepared = load_manifest(f"datasets/{drawn.view.dataset}")
    images = results.frame["image"].nunique()
    tables = load_measurements(drawn.view)
    falls = first_falls(tables[codec].curve() for codec in drawn.points["codec"].unique())
    for line in (
        compressed_before_line(results.manifests.values(), prepared, images=images),
        falls_line(falls, labels()),
    ):
        if line:
            st.info(line, icon=":material/grid_on:")


def containers_line(view: View) -> str:
    """What the lead of BNK over AVIF is with and without containers; empty without the two."""
    overhead = load_overheads().get(BOXED)
    deltas = [
        _lead(View(view.dataset, view.metric, payload, view.pooled)) for payload in (False, True)
    ]
    if overhead is None or None in deltas:
        return ""
    whole, payload = deltas
    return (
        f"{label_of(BOXED)} needs {overhead:,} bytes of every file for its boxes, which matters "
        f"for small images. BD-rate of {label_of(LEARNED)} against {label_of(BOXED)}: "
        f"**{whole:+.0f} %** by whole files, **{payload:+.0f} %** without containers."
    )


def _lead(view: View) -> float | None:
    return bd_rates_of(LEARNED, load_bd_matrix(view)).get(BOXED)
