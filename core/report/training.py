"""Section on how the models were trained."""

from collections.abc import Sequence
from datetime import datetime

from core.analysis.labels import label_of
from core.codecs.styles import codec_style
from core.report.document import Section
from core.report.plot import Plot, Series
from core.report.tables import Column, Table
from core.training_records.meanings import IMAGES_MEANING, loss_meaning, psnr_meaning
from core.training_records.runs import TrainingRun
from core.training_records.tables import run_table, unused_columns

#: What the columns mean that are shown only where a training has a value in them.
_SOMETIMES = {
    "first_stop": "First stop: the training would have ended, by early stopping or because it "
    "diverged, and went on at a lower learning rate.",
    "undone_epochs": "Undone epochs diverged.",
}


def training_section(runs: Sequence[TrainingRun], *, now: datetime) -> Section:
    """How the models were trained."""
    if not runs:
        return Section("training", "Training")
    validated = [run for run in runs if "validation_psnr_db" in run.frame and len(run.frame)]
    plots = (_plot(validated),) if validated else ()
    return Section("training", "Training", parts=(_table(runs, now), *plots))


def _table(runs: Sequence[TrainingRun], now: datetime) -> Table:
    columns = {
        "run": Column("Training"),
        "state": Column("State"),
        "ended_by": Column("Ended by"),
        "epochs": Column("Epochs", ",.0f"),
        "best_epoch": Column("Best epoch", ",.0f"),
        "first_stop": Column("First stop", ",.0f"),
        "undone_epochs": Column("Undone epochs", ",.0f"),
        "validation_loss": Column("Validation loss", ".3g"),
        "validation_psnr_db": Column("Validation PSNR (dB)", ".2f"),
        "images": Column("Images seen", ",.0f"),
        "minutes": Column("Minutes", ",.0f"),
    }
    sentences = [
        "The weights of the epoch with the lowest validation loss were kept, of the last stage "
        "where there were several.",
        loss_meaning(runs),
        psnr_meaning(runs),
        IMAGES_MEANING,
    ]
    rows = run_table(runs, now=now)
    rows["run"] = rows["run"].map(label_of)
    unused = unused_columns(rows)
    sentences += [meaning for name, meaning in _SOMETIMES.items() if name not in unused]
    columns = {name: column for name, column in columns.items() if name not in unused}
    return Table("training", "Trainings", " ".join(sentences), rows, columns)


def _plot(runs: Sequence[TrainingRun]) -> Plot:
    series = tuple(
        Series(
            label_of(run.name),
            codec_style(run.name),
            tuple(run.frame["epoch"]),
            tuple(run.frame["validation_psnr_db"]),
        )
        for run in runs
    )
    return Plot(
        name="training-psnr",
        title="PSNR on the validation images by epoch",
        caption=psnr_meaning(runs),
        x_title="Epoch",
        y_title="Validation PSNR (dB)",
        series=series,
    )
