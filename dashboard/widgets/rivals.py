"""What a person would use instead, timed in turns with what is used here."""

import pandas as pd
import streamlit as st

from core.benchmarks import RIVAL
from core.rival_ratios import OURS, rival_ratios
from dashboard.widgets.downloads import download_csv

_HELP = (
    "Both took turns, round by round, on the same cores; a ratio is that of a round. "
    "**CompressAI** runs with random weights, which take as long as trained ones. **The thesis' "
    "way** holds all pictures as float32 in memory, trains by `fit` on those arrays, predicts "
    "picture by picture and measures with scikit-image. Times of training, evaluation and metrics "
    "are per picture."
)
_QUARTILES = "A quarter of the rounds was below, a quarter above the two."
#: What is measured, as a reader calls it.
_OPERATIONS = {
    "encode": "Encode",
    "decode": "Decode",
    "fit": "Train",
    "evaluate": "Evaluate, float latent",
    "evaluate_file": "Evaluate, through a file",
    "metrics": "PSNR and SSIM",
}


def _show_ratios(rows: pd.DataFrame) -> None:
    """Rows of `core.rival_ratios.rival_ratios`."""
    number = st.column_config.NumberColumn
    memory = "Largest resident memory of the process."
    columns = {
        "rival": st.column_config.TextColumn("Instead of Bottleneck", pinned=True),
        "task": st.column_config.TextColumn("Task", pinned=True),
        "threads": number("Cores", format="%d"),
        "ratio": number("Times faster", format="%.2f", help="Median over the rounds."),
        "ratio_low": number("from", format="%.2f", help=_QUARTILES),
        "ratio_high": number("to", format="%.2f", help=_QUARTILES),
        "ours": number("Bottleneck", format="%.4g ms"),
        "theirs": number("The other", format="%.4g ms"),
        "ours_mebibytes": number("Bottleneck, memory", format="%.0f MiB", help=memory),
        "rival_mebibytes": number("The other, memory", format="%.0f MiB", help=memory),
        "repeats": number("Rounds", format="%d"),
    }
    subjects = rows["setting"].where(rows["width"] == 0, _sizes(rows))
    shown = rows.assign(
        task=rows["operation"].map(_OPERATIONS) + ", " + subjects,
        ours=1000 * rows["ours_seconds"],
        theirs=1000 * rows["rival_seconds"],
    )
    order = [name for name in columns if shown[name].notna().any()]
    st.dataframe(
        shown, hide_index=True, column_order=order, column_config=columns, height="content"
    )


def _sizes(rows: pd.DataFrame) -> pd.Series:
    sides = rows[["width", "height"]].astype(int).astype(str)
    return sides["width"] + "x" + sides["height"]


def show_rivals(frame: pd.DataFrame) -> None:
    """What a person would use instead, timed in turns with what is used here."""
    rows = rival_ratios(frame)
    if rows.empty:
        return
    st.subheader("Beside what one would use instead", help=_HELP)
    _show_ratios(rows)
    feeds = frame[(frame["kind"] == RIVAL) & (frame["operation"] == "feed")]
    fits = frame[(frame["operation"] == "fit") & (frame["method"] == OURS)]
    if len(feeds) and len(fits):
        with_network = 1 / fits.groupby("setting")["seconds"].median().min()
        st.caption(
            "Without a network the training's input pipeline gives "
            f"{1 / feeds['seconds'].median():,.0f} pictures per second; the quickest autoencoder "
            f"trains on {with_network:,.0f}."
        )
    download_csv(rows, file_name="bottleneck-rivals.csv", key="csv-rivals")
