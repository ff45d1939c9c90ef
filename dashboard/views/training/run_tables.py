"""Trainings as tables: a row per run, what differs between them, a row per epoch."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.analysis.labels import label_of
from core.training_records.meanings import IMAGES_MEANING, loss_meaning, psnr_meaning
from core.training_records.runs import TrainingRun, measure_of
from core.training_records.tables import (
    config_differences,
    config_table,
    epoch_table,
    origin_table,
    run_table,
    unused_columns,
)
from dashboard import formats
from dashboard.views.training.charts import measure_title
from dashboard.widgets.downloads import download_csv

BEST_HELP = (
    "Its weights are kept: lowest validation loss, of the last stage where there were several, "
    "because losses of different stages cannot be compared."
)
FIRST_STOP_HELP = (
    "Epoch after which the training would first have ended, by early stopping or because it "
    "diverged. It went on from its best weights at a third of the learning rate."
)
UNDONE_HELP = "Epochs that diverged and were undone; most were repeated in another order."
RUN_LINE = "The test images are not used in training; see Models for the results."


def show_runs(runs: Sequence[TrainingRun]) -> None:
    """One row per run."""
    st.subheader("Runs")
    table = run_table(runs)
    number = st.column_config.NumberColumn
    columns: dict[str, Any] = {
        "label": st.column_config.TextColumn("Run", pinned=True),
        "state": st.column_config.TextColumn(
            "State", help="interrupted: no report for minutes, and no reported end."
        ),
        "ended_by": st.column_config.TextColumn(
            "Ended by",
            help="early stopping: the validation loss stopped falling; epoch limit or time limit: "
            "it may have fallen further; divergence: an epoch diverged again and again; stopped by "
            "hand: it can go on with --resume.",
        ),
        "epochs": "Epochs",
        "best_epoch": number("Best epoch", format="%.0f", help=BEST_HELP),
        "first_stop": number("First stop", format="%.0f", help=FIRST_STOP_HELP),
        "undone_epochs": number("Undone epochs", format="%d", help=UNDONE_HELP),
        "validation_loss": number("Validation loss", format="%.3g", help="At the best epoch."),
        "validation_psnr_db": number(
            "Validation PSNR (dB)", format=formats.DECIBELS, help="At that epoch."
        ),
        "images": number("Images seen", format="localized", help="In the finished epochs."),
        "minutes": number("Minutes", format="%.0f"),
        "images_per_second": number("Images/s", format="%.0f", help="Mean over the epochs."),
    }
    unused = unused_columns(table)
    st.dataframe(
        table.assign(label=[label_of(name) for name in table["run"]]),
        hide_index=True,
        height="content",
        column_order=[name for name in columns if name not in unused],
        column_config=columns,
    )
    lines = (RUN_LINE, loss_meaning(runs), psnr_meaning(runs), IMAGES_MEANING)
    st.caption(" ".join(lines))
    download_csv(table, file_name="training-runs.csv", key="csv-runs")


def show_differences(runs: Sequence[TrainingRun]) -> None:
    """Configuration of one run, or the differences between several."""
    if len(runs) == 1:
        st.subheader("Configuration")
        st.table(config_table(runs[0]), border="horizontal", hide_header=True)
        with st.expander("Code, libraries and machine"):
            st.table(origin_table(runs[0]), border="horizontal", hide_header=True)
        return
    st.subheader("What differs", help="Fields of the configuration that all of the runs have.")
    table = config_differences(runs)
    if table.empty:
        st.markdown("Nothing: same configuration, code, libraries and machine.")
        return
    common = is_common(table, runs)
    shown = table.rename(columns={run.name: label_of(run.name) for run in runs})
    if common.any():
        st.table(shown[common], border="horizontal")
    else:
        st.markdown("No field that all of them have.")
    if (~common).any():
        with st.expander("Fields that only some have, code, libraries and machine"):
            st.table(shown[~common], border="horizontal")
    download_csv(table.reset_index(), file_name="training-differences.csv", key="csv-differences")


def is_common(table: pd.DataFrame, runs: Sequence[TrainingRun]) -> "pd.Series[bool]":
    """Which rows of `config_differences` are fields that every run's configuration has."""
    fields = set.intersection(*(set(run.config) for run in runs))
    return pd.Series([name in fields for name in table.index], index=table.index)


def show_epochs(runs: Sequence[TrainingRun]) -> None:
    """All rows of the selected histories, in a collapsed section."""
    table = epoch_table(runs)
    if table.empty:
        st.caption("No epoch is finished yet, so there is no table of epochs.")
        return
    with st.expander("Every epoch as a table"):
        number = st.column_config.NumberColumn
        columns: dict[str, Any] = {
            str(name): number(column_title(str(name)), format="%.5g")
            for name in table
            if name not in ("run", "epoch", "images")
        }
        columns |= {"run": "Run", "epoch": number("Epoch", format="%d")}
        columns |= {"images": number("Images seen", format="localized")}
        height = min(420, 38 + 35 * len(table))
        st.dataframe(table, hide_index=True, height=height, column_config=columns)
        download_csv(table, file_name="training-epochs.csv", key="csv-epochs")


def column_title(column: str) -> str:
    """Column title of a history's table."""
    measure = measure_of(column)
    level = "" if measure.level is None else f", quality {measure.level}"
    phase = "validation " if measure.phase == "validation" else ""
    title = measure_title(measure.name)
    title = title if title.isupper() or "(dB)" in title else title.lower()
    text = f"{phase}{title}{level}"
    return f"{text[0].upper()}{text[1:]}"
