"""Comparison of times with CompressAI and with the thesis' code."""

from typing import Any

import pandas as pd
import streamlit as st

from core.analysis.labels import label_of
from core.timing.ratios import OURS, TRAINING_IMAGES, baseline_ratios
from core.timing.table import BASELINE
from dashboard.widgets.downloads import download_csv

_HELP = (
    "Both took turns, round by round, on the same cores; ratios are computed per round. "
    "**CompressAI** runs with random weights, which take as long as trained ones. **The thesis' "
    "way** keeps all images as float32 in memory, trains with `fit` on those arrays, predicts "
    "image by image and measures with scikit-image. Times of training, evaluation and metrics "
    "are per image."
)
_QUARTILES = "A quarter of the rounds was below, a quarter above the two."
#: Display label of each operation.
_OPERATIONS = {
    "encode": "Encode",
    "decode": "Decode",
    "fit": "Train",
    "evaluate": "Evaluate, float latent",
    "evaluate_file": "Evaluate, through a file",
    "metrics": "PSNR and SSIM",
}


def show_baselines(frame: pd.DataFrame) -> None:
    """Speed of our codecs and CompressAI's, and of this program and the thesis' code."""
    rows = baseline_ratios(frame)
    if rows.empty:
        return
    st.subheader("Against CompressAI and the thesis' code", help=_HELP)
    is_coding = rows["operation"].isin(["encode", "decode"])
    for part, ours in ((rows[is_coding], label_of(OURS)), (rows[~is_coding], "Bottleneck")):
        if len(part):
            _show_ratios(part, ours)
    for line in (_memory_line(rows), _feed_line(frame)):
        if line:
            st.caption(line)
    download_csv(rows, file_name="bottleneck-baselines.csv", key="csv-baselines")


def _show_ratios(rows: pd.DataFrame, ours: str) -> None:
    """One part of the ratios as a table.

    Args:
        rows: Rows of `baseline_ratios`.
        ours: What is compared: a codec, or this program.
    """
    number = st.column_config.NumberColumn
    columns: dict[str, Any] = {
        "task": "Task",
        "baseline": st.column_config.TextColumn("Compared with", width=300),
        "threads": number("Cores", format="%d"),
        "ratio": number("Times faster", format="%.2f", help="Median over the rounds."),
        "ratio_low": number("1st quartile", format="%.2f", help=_QUARTILES),
        "ratio_high": number("3rd quartile", format="%.2f", help=_QUARTILES),
        "ours": number(ours, format="%.4g ms"),
        "theirs": number("Compared with ", format="%.4g ms"),
        "repeats": number("Rounds", format="%d"),
    }
    subjects = rows["setting"].map(label_of).where(rows["width"] == 0, _sizes(rows))
    shown = rows.assign(
        # Operations without a model have no name to show.
        task=(rows["operation"].map(_OPERATIONS) + ", " + subjects).str.removesuffix(", "),
        ours=1000 * rows["ours_seconds"],
        theirs=1000 * rows["baseline_seconds"],
    )
    st.dataframe(
        shown, hide_index=True, column_order=list(columns), column_config=columns, height="content"
    )


def _sizes(rows: pd.DataFrame) -> pd.Series:
    sides = rows[["width", "height"]].astype(int).astype(str)
    return sides["width"] + "x" + sides["height"]


def _memory_line(rows: pd.DataFrame) -> str | None:
    """Peak memory of the trainings, in one line."""
    fits = rows.dropna(subset=["ours_mebibytes", "baseline_mebibytes"])
    if fits.empty:
        return None
    ours, theirs = fits["ours_mebibytes"].max(), fits["baseline_mebibytes"].max()
    return (
        f"Peak resident memory of a training: {ours:,.0f} MiB, and {theirs:,.0f} MiB the thesis' "
        f"way, on {TRAINING_IMAGES:,} images of 160x160."
    )


def _feed_line(frame: pd.DataFrame) -> str | None:
    """Throughput of the input pipeline without a network, in one line."""
    feeds = frame[(frame["kind"] == BASELINE) & (frame["operation"] == "feed")]
    fits = frame[(frame["operation"] == "fit") & (frame["method"] == OURS)]
    if feeds.empty or fits.empty:
        return None
    with_network = 1 / fits.groupby("setting")["seconds"].median().min()
    return (
        "Without a network the training's input pipeline gives "
        f"{1 / feeds['seconds'].median():,.0f} images per second; the quickest autoencoder "
        f"trains on {with_network:,.0f}."
    )
