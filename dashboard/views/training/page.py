"""Page Training: curves of loss, quality and rate, differences of runs, running trainings."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

import plotly.graph_objects as go
import streamlit as st

from core.analysis.labels import label_of
from core.analysis.ladder import STEP_CODECS
from core.codecs.rate_autoencoder import rate_architectures
from core.training_records.meanings import loss_meaning, psnr_meaning
from core.training_records.runs import AXES, PREFIX, Runs, TrainingRun, read_runs
from core.training_records.tables import level_table
from dashboard.charts.colors import in_legend_order
from dashboard.data.store import open_store, store_state
from dashboard.views.training.charts import (
    Look,
    default_measures,
    measure_names,
    measure_title,
    training_figure,
)
from dashboard.views.training.epoch_previews import show_epoch_previews
from dashboard.views.training.live import REFRESH_SECONDS, show_interrupted, show_live
from dashboard.views.training.rate_charts import moving_curve_figure
from dashboard.views.training.run_tables import show_differences, show_epochs, show_runs
from dashboard.views.training.units import show_units
from dashboard.widgets.bounded import bounded_slider
from dashboard.widgets.charts import show_chart
from dashboard.widgets.deferred import draw_when_reached
from dashboard.widgets.downloads import download_csv
from dashboard.widgets.states import show_empty, show_problems

TITLE = "Training"
ICON = ":material/model_training:"
GROUP = "Evidence"
ORDER = 7

COMMAND = "python -m pipelines.train ae20"
INTRODUCTION = (
    "How the networks learned, epoch by epoch. A training that is under way is followed here."
)
WHY_EMPTY = "A training writes its history from the first epoch on. Start one:"
GUIDE = (
    "Dotted: training images, averaged while the weights change. Solid: validation images, which "
    "are not trained on. A ring marks the epoch whose weights are kept: that of the lowest "
    "validation loss, of the last stage where there were several."
)
CURVE_HELP = (
    "Rates are those that the training estimates for the rounded latent; files have the same "
    "within a fraction of a percent. Each curve is an epoch; the strong one is that whose weights "
    "are kept."
)
SMOOTHING_HELP = (
    "Share of the past in a moving average, as in TensorBoard. The raw values stay behind it, "
    "faint; the numbers under the pointer and in the table are always raw."
)
MEASURES_HELP = (
    "Every number of the histories that is not a clock. **SSIMULACRA2 with aligned weights** gives "
    "each scale its own weights on small images too, which the published score does not: it tells "
    "what the training brings for large images."
)
LOG_HELP = (
    "For losses and rates. Decibels are already logarithmic and stay unchanged, and so do charts "
    "with values of 0 or below, which such an axis cannot show."
)
AXIS_HELP = (
    "Minutes are those of training itself, without pauses; they depend on the machine and on what "
    "else it did."
)


#: Runs that are not drawn at first: steps between the thesis' autoencoders and BNK.
STEPS_BETWEEN = STEP_CODECS.union(rate_architectures())


class RunSelection(NamedTuple):
    """Selected runs and metrics.

    Attributes:
        names: Runs.
        measures: Metrics, one chart each.
        look: Display options.
    """

    names: list[str]
    measures: list[str]
    look: Look


def load_runs() -> Runs:
    """All trainings; cached by the state of the histories and of the models."""
    # The card of a model may say which epoch is the best one of its history.
    return _runs(store_state(PREFIX) + store_state("models/"))


@st.cache_resource(max_entries=2, show_spinner=False)
def _runs(state: str) -> Runs:
    return read_runs(open_store())


def main() -> None:
    """The page."""
    st.title(TITLE)
    st.markdown(INTRODUCTION)
    runs, problems = load_runs()
    show_problems(problems)
    if not runs:
        if not problems:
            show_empty("No training yet", why=WHY_EMPTY, command=COMMAND)
        return
    selection = choose(runs)
    live = is_any_live(list(runs.values()))
    refresh = REFRESH_SECONDS if live else None
    st.fragment(show_chosen, run_every=refresh)(selection, live)


def is_any_live(runs: Sequence[TrainingRun]) -> bool:
    """Whether a training reported in the last minutes."""
    now = datetime.now(UTC)
    return any(run.state(now) == "running" for run in runs)


def choose(runs: dict[str, TrainingRun]) -> RunSelection:
    """Controls above the charts."""
    measures = measure_names(list(runs.values()))
    options = in_legend_order(list(runs))
    left, right = st.columns(2, gap="medium")
    with left:
        names = st.multiselect(
            "Runs",
            options,
            default=[name for name in options if name not in STEPS_BETWEEN] or options,
            format_func=label_of,
            key="runs",
            bind="query-params",
            wrap=True,
        )
    with right:
        chosen = st.multiselect(
            "Measures",
            measures,
            default=default_measures(measures),
            format_func=measure_title,
            key="measures",
            bind="query-params",
            wrap=True,
            help=MEASURES_HELP,
        )
    labels = {name: label_of(name) for name in options}
    return RunSelection(names, [name for name in measures if name in chosen], choose_look(labels))


def choose_look(labels: Mapping[str, str]) -> Look:
    """Display options of the curves."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        axis = st.segmented_control(
            "Over",
            list(AXES),
            default="epoch",
            format_func=lambda name: AXES[name],
            required=True,
            key="over",
            bind="query-params",
            help=AXIS_HELP,
        )
        log_scale = st.toggle(
            "Logarithmic", value=True, key="log", bind="query-params", help=LOG_HELP
        )
        smoothing = bounded_slider(
            "Smoothing", 0.0, 0.95, 0.0, step=0.05, key="smoothing", help=SMOOTHING_HELP, width=180
        )
    return Look(axis, smoothing, log_scale, labels)


def show_chosen(selection: RunSelection, was_live: bool) -> None:
    """All content that depends on the histories; a fragment that refreshes during a training."""
    found = load_runs().runs
    if was_live and not is_any_live(list(found.values())):
        # The training ended: a rerun of the whole page stops the refresh.
        st.rerun()
    runs = [found[name] for name in selection.names if name in found]
    for run in runs:
        state = run.state(datetime.now(UTC))
        if state == "running":
            show_live(run)
        elif state == "interrupted":
            show_interrupted(run)
    if not runs:
        st.info("No run is chosen.")
        return
    show_curves(runs, selection)
    below = {
        "previews": ("Images of each epoch", show_epoch_previews, 500),
        "levels": ("Rate-distortion of each epoch", show_moving_curves, 600),
        "units": ("Units", show_all_units, 500),
        "tables": ("The runs in numbers", show_tables, 900),
    }
    for key, (title, draw, height) in below.items():
        draw_when_reached(partial(draw, runs), key=f"training-{key}", title=title, height=height)


def show_moving_curves(runs: Sequence[TrainingRun]) -> None:
    """Rate and quality epoch by epoch, of each run that has levels."""
    for run in runs:
        show_moving_curve(run)


def show_all_units(runs: Sequence[TrainingRun]) -> None:
    """What the units of each run's network do."""
    for run in runs:
        show_units(run, label_of(run.name))


def show_tables(runs: Sequence[TrainingRun]) -> None:
    """The runs, how they differ, and their epochs."""
    show_runs(runs)
    show_differences(runs)
    show_epochs(runs)


def show_curves(runs: Sequence[TrainingRun], selection: RunSelection) -> None:
    """One chart per metric, two in a row."""
    drawn = [run for run in runs if len(run.frame)]
    for run in runs:
        if not len(run.frame):
            st.info(f"**{label_of(run.name)}** has not finished an epoch, so it has no curve.")
    axis = selection.look.axis
    if lacking := [label_of(run.name) for run in drawn if axis not in run.frame]:
        st.info(f"Without {AXES[axis].lower()} in the history, so not drawn: {', '.join(lacking)}.")
    drawn = [run for run in drawn if axis in run.frame]
    if not drawn:
        return
    if not selection.measures:
        st.info("No measure is chosen.")
        return
    st.caption(f"{GUIDE} {loss_meaning(drawn)} {psnr_meaning(drawn)}")
    figures = {name: training_figure(drawn, name, selection.look) for name in selection.measures}
    found = [name for name, figure in figures.items() if figure.data]
    show_row(found[:2], figures, selection.look)
    for start in range(2, len(found), 2):
        row = found[start : start + 2]
        draw_when_reached(
            partial(show_row, row, figures, selection.look),
            key=f"training-{'-'.join(row)}",
            title=" and ".join(measure_title(name) for name in row),
            height=490,
        )
    if absent := [measure_title(name) for name in selection.measures if name not in found]:
        st.caption(f"Not recorded by these runs: {', '.join(absent)}.")


def show_row(names: Sequence[str], figures: Mapping[str, go.Figure], look: Look) -> None:
    """Up to two charts beside each other."""
    for column, name in zip(st.columns(2, gap="medium"), names, strict=False):
        with column:
            st.markdown(f"**{measure_title(name)}**")
            alt = f"{measure_title(name)} over {AXES[look.axis].lower()} of each run."
            show_chart(
                figures[name], key=f"curve-{name}", name=f"bottleneck-training-{name}", alt=alt
            )


def show_moving_curve(run: TrainingRun) -> None:
    """Rate and quality at the levels of a model that has them, epoch by epoch."""
    table = level_table(run)
    qualities = [name for name in ("psnr_db", "ssim") if name in table]
    if table.empty or not qualities:
        return
    label = label_of(run.name)
    st.subheader(f"Rate-distortion of {label} on the validation images", help=CURVE_HELP)
    quality = st.segmented_control(
        "Quality measure",
        qualities,
        default=qualities[0],
        format_func=measure_title,
        required=True,
        key=f"curve_{run.name}",
        bind="query-params",
        label_visibility="collapsed",
    )
    best = None if run.best_row is None else int(run.frame["epoch"].iloc[run.best_row])
    figure = moving_curve_figure(table, quality, run=run.name, best=best)
    alt = f"{measure_title(quality)} against bits per pixel of {label}, a curve per epoch."
    show_chart(figure, key=f"levels-{run.name}", name=f"{run.name}-levels", alt=alt)
    download_csv(table, file_name=f"{run.name}-levels.csv", key=f"csv-levels-{run.name}")


main()
