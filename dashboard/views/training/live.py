"""Status of a running training: progress, speed and time left."""

from datetime import UTC, datetime

import streamlit as st

from core.analysis.labels import label_of
from core.plain_english import counted
from core.training_records.runs import Outlook, TrainingRun, outlook
from dashboard.views.training.charts import measure_title

#: Refresh interval of a page that shows a running training, in seconds.
REFRESH_SECONDS = 5
BADGE = ":green-badge[:material/play_arrow: running]"


def show_live(run: TrainingRun) -> None:
    """Shows the status of a running training."""
    ahead = outlook(run)
    with st.container(border=True):
        of_all = f" of at most {ahead.epochs}" if ahead.epochs else ""
        st.markdown(f"{BADGE} **{label_of(run.name)}**, epoch {ahead.epoch}{of_all}")
        if ahead.share is not None:
            text = f"step {run.running['step']:,} of {run.running['steps']:,} of this epoch"
            st.progress(min(1.0, ahead.share), text=text)
        with st.container(horizontal=True, gap="small"):
            for label, value, help_text in live_tiles(run, ahead):
                st.metric(label, value, help=help_text, width=140)
        seconds = (datetime.now(UTC) - run.touched).total_seconds()
        st.caption(
            f"Last message {seconds:.0f} s ago; this page looks every {REFRESH_SECONDS} s. "
            "A training reports every 20 s, but not while it validates."
        )


def live_tiles(run: TrainingRun, ahead: Outlook) -> list[tuple[str, str, str | None]]:
    """Figures of a running training: label, value and explanation."""
    tiles: list[tuple[str, str, str | None]] = []
    if ahead.images_per_second:
        tiles.append(("Images per second", f"{ahead.images_per_second:,.0f}", None))
    if ahead.epoch_seconds is not None:
        left = "Without the validation at its end."
        tiles.append(("Left in this epoch", clock(ahead.epoch_seconds), left))
    if ahead.total_seconds is not None:
        early = (
            "Up to the last epoch, at the speed of the latest epochs. It ends earlier when the "
            "validation loss no longer falls."
        )
        tiles.append(("Left at most", clock(ahead.total_seconds), early))
    if ahead.patience:
        then = "The learning rate is lowered" if ahead.drops_left else "It ends"
        epochs = counted(ahead.patience, "epoch")
        waited = f"{then} after {epochs} in a row without a better validation loss."
        tiles.append(("Epochs without gain", f"{ahead.waited} of {ahead.patience}", waited))
    for name in ("loss", "psnr_db"):
        if name in run.running:
            value = f"{run.running[name]:.4g}"
            tiles.append((measure_title(name), value, "Mean over this epoch so far."))
    return tiles


def clock(seconds: float) -> str:
    """A duration formatted for display, such as `1 h 05 min`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def show_interrupted(run: TrainingRun) -> None:
    """Warning and command for a training that stopped reporting."""
    epoch = outlook(run).epoch
    st.info(
        f"**{label_of(run.name)}** stopped reporting in epoch {epoch}, at "
        f"{run.touched:%Y-%m-%d %H:%M} UTC: its process was stopped, or runs on another machine. "
        f"Continue from its newest checkpoint with `{resume_command(run)}`.",
        icon=":material/pause:",
    )


def resume_command(run: TrainingRun) -> str:
    """Command that goes on with a training, without the flags of its configuration."""
    architecture = run.architecture or run.name
    own = "" if run.name == architecture else f" --name {run.name}"
    return f"python -m pipelines.train {architecture}{own} --resume"
