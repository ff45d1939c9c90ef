"""One study: sortable and filterable table of trials, selected trials, and plots."""

from collections.abc import Collection, Sequence
from typing import Any, cast

import pandas as pd
import streamlit as st

from core.plain_english import counted
from core.search.studies import StudyRecord, TrialRecord
from dashboard import formats
from dashboard.views.trials.charts import PLOTS, can_be_logarithmic, missing, shown_numbers
from dashboard.views.trials.details import show_chosen
from dashboard.views.trials.drawn_trials import (
    FEW_TRIALS,
    MAX_DRAWN,
    drawable_trials,
    drawn_trials,
)
from dashboard.views.trials.figure_cache import load_figure
from dashboard.views.trials.filter import choose_trials
from dashboard.views.trials.parameters import parameter_names, parameter_title
from dashboard.views.trials.study_cache import published_models
from dashboard.views.trials.tables import (
    SORTS,
    Sort,
    first_columns,
    marks,
    sorted_trials,
    trials_table,
)
from dashboard.widgets.charts import show_chart
from dashboard.widgets.downloads import download_csv, drawn_values

COLUMN_NAMES = {
    "mark": "",
    "number": "Trial",
    "state": "State",
    "value": "Score",
    "psnr_db": "PSNR (dB)",
    "ssim": "SSIM",
    "seconds": "Seconds",
    "diverged_epochs": "Epochs that diverged",
    "unjudged": "Why it has no value",
    "images_per_second": "Images per second",
    "parameters": "Weights",
    "retry_of": "Repeats trial",
}
SORT_NAMES = {"score": "Best score first", "number": "In order", "seconds": "Shortest first"}
#: Maximum number of trials in the table, by label.
TOPS = {"All": None, "Best": 1, "Top 5": 5, "Top 10": 10}
MARK_HELP = (
    "A star marks the best trial; thesis: the trial with the thesis' values; published: with those "
    "of the published model."
)
#: Why a plot may have no mark of a trial; the others draw scores.
_LACKS = {"intermediate": "without a report", "timeline": "not begun"}
#: Plots of numbers that the table of trials lacks.
_OWN_NUMBERS = frozenset({"history", "intermediate", "edf", "importance"})
_ROW, _MAX_HEIGHT = 35, 430


def show_trials(study: StudyRecord) -> None:
    """Filter, table, chosen trials and plots of one study."""
    sort, top = choose_order(study)
    with st.expander("Filter by state, score and parameters"):
        matching = choose_trials(study.trials, prefix=study.name).matching(study.trials)
    ranked = sorted_trials(study, matching, "score")[:top]
    st.caption(filter_line(study, passing=len(matching), shown=len(ranked)))
    kept = {trial.number for trial in ranked}
    matching = [trial for trial in matching if trial.number in kept]
    if not matching:
        st.info("No trial passes: choose a state, or widen a range.")
        return
    container = st.container()
    chosen = choose_numbers(study)
    with container:
        show_table(study, sorted_trials(study, matching, sort), chosen)
    show_chosen(study, chosen)
    show_plots(study, matching, chosen)


def choose_order(study: StudyRecord) -> tuple[Sort, int | None]:
    """Order of the table, and how many of the best it holds."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        top = st.segmented_control(
            "Show",
            list(TOPS),
            default="All",
            required=True,
            key=f"{study.name}-top",
            bind="query-params",
            help="The best by score; of pruned trials by what they had reported last.",
        )
        sort = st.selectbox(
            "Sort",
            list(SORTS),
            format_func=lambda name: SORT_NAMES[name],
            key=f"{study.name}-sort",
            bind="query-params",
            width=200,
            help="Trials without a score come last in every order.",
        )
    return cast(Sort, sort), TOPS[top or "All"]


def filter_line(study: StudyRecord, *, passing: int, shown: int) -> str:
    """Caption: how many trials pass the filter, and how many of those are shown."""
    line = f"{passing:,} of {len(study.trials):,} trials pass the filter"
    if shown == passing:
        return f"{line}."
    best = "the best of them is" if shown == 1 else f"the {shown:,} best of them are"
    return f"{line}; {best} shown."


def show_table(
    study: StudyRecord, trials: Sequence[TrialRecord], chosen: Sequence[TrialRecord]
) -> None:
    """Table of trials, whose rows can be selected."""
    table = trials_table(trials)
    table.insert(0, "mark", marks(study, trials, published_models(study)))
    parameters = parameter_names(trials)
    shown = table[choose_columns(study, table, parameters)]
    tick_rows(study.name, table["number"], {trial.number for trial in chosen})
    st.dataframe(
        shown,
        hide_index=True,
        height=min(_MAX_HEIGHT, 38 + _ROW * len(shown)),
        column_config=column_config(shown, parameters),
        on_select=lambda: take_rows(study.name, table["number"]),
        selection_mode="multi-row",
        key=f"{study.name}-table",
        placeholder="-",
    )
    download_csv(shown, file_name=f"{study.name}-trials.csv", key="csv-trials")


def choose_columns(study: StudyRecord, table: pd.DataFrame, parameters: Sequence[str]) -> list[str]:
    """Selected columns of the table."""
    first = first_columns(table, parameters)
    with st.popover("Columns", width="content"):
        chosen = st.multiselect(
            "Columns",
            list(map(str, table)),
            default=first,
            format_func=lambda name: column_title(name, parameters) or "Mark",
            key=f"{study.name}-columns",
            bind="query-params",
            wrap=True,
        )
    return chosen or first


def column_title(name: str, parameters: Sequence[str]) -> str:
    """Title of a column."""
    return parameter_title(name) if name in parameters else COLUMN_NAMES.get(name, name)


def column_config(table: pd.DataFrame, parameters: Sequence[str]) -> dict[str, Any]:
    """Names and formats of the columns."""
    number = st.column_config.NumberColumn
    columns: dict[str, Any] = {
        "mark": st.column_config.TextColumn(
            "", width=_mark_width(table), pinned=True, help=MARK_HELP
        ),
        "number": number("Trial", pinned=True, width=60),
        "value": number("Score", format="%.2f"),
        "psnr_db": number("PSNR (dB)", format=formats.DECIBELS),
        "ssim": number("SSIM", format=formats.SSIM),
        "seconds": number("Seconds", format="%.0f"),
        "learning_rate": number("Learning rate", format="%.3g"),
        "images_per_second": number("Images per second", format="%.0f"),
        "parameters": number("Weights", format="localized"),
    }
    return {
        name: columns[name]
        if name in columns and (name in ("mark", "number") or _is_numeric(table[name]))
        else column_title(name, parameters)
        for name in map(str, table)
    }


def _mark_width(table: pd.DataFrame) -> int:
    """Pixels of the first column, which holds one or several names."""
    return 140 if "mark" in table and table["mark"].str.contains(",").any() else 80


def tick_rows(study: str, numbers: "pd.Series[int]", chosen: Collection[int]) -> None:
    """Ticks the rows in which the chosen trials stand now; Streamlit keeps rows, not trials."""
    key = f"{study}-table"
    rows = [row for row, number in enumerate(numbers) if number in chosen]
    ticked = st.session_state[key]["selection"]["rows"] if key in st.session_state else []
    if sorted(ticked) != rows:
        st.session_state[key] = {"selection": {"rows": rows}}


def take_rows(study: str, numbers: "pd.Series[int]") -> None:
    """Selects the trials whose rows were ticked; chosen ones that the table lacks stay chosen."""
    rows = st.session_state[f"{study}-table"].selection.rows
    shown = set(numbers)
    st.session_state[f"{study}-chosen"] = [
        *(number for number in st.session_state[f"{study}-chosen"] if number not in shown),
        *(int(numbers.iloc[row]) for row in rows if row < len(numbers)),
    ]


def choose_numbers(study: StudyRecord) -> list[TrialRecord]:
    """Selected trials, which are shown in detail and highlighted in the plots; none at first."""
    numbers = [trial.number for trial in study.trials]
    chosen = st.multiselect(
        "Chosen trials",
        numbers,
        placeholder="Tick rows of the table, or choose numbers here",
        key=f"{study.name}-chosen",
        bind="query-params",
        help="One trial shows its details, two to six are compared; all stand out in the plots.",
    )
    return [trial for trial in study.trials if trial.number in set(chosen)]


def show_plots(study: StudyRecord, matching: list[TrialRecord], chosen: list[TrialRecord]) -> None:
    """The selected plot; the others are not computed."""
    st.subheader("Plots")
    name = st.segmented_control(
        "Plot",
        list(PLOTS),
        default="history",
        format_func=lambda key: PLOTS[key].label,
        required=True,
        key="plot",
        bind="query-params",
        label_visibility="collapsed",
    )
    name = name or "history"
    if lack := missing(PLOTS[name], matching):
        st.info(lack)
        return
    log_value = False
    if PLOTS[name].has_value_axis and can_be_logarithmic(matching):
        log_value = st.toggle("Logarithmic scores", key="log", bind="query-params")
    numbers = tuple(trial.number for trial in chosen)
    figure = load_figure(name, study, matching, chosen=numbers, log_value=log_value)
    show_chart(figure, key=f"plot-{name}", name=f"{study.name}-{name}", alt=PLOTS[name].about)
    if name in _OWN_NUMBERS:
        file = f"{study.name}-{name}.csv"
        download_csv(drawn_values(figure), file_name=file, key="csv-plot")
    drawn = shown_numbers(name, drawn_trials(matching, best=study.best))
    st.caption(f"{plot_line(name, matching)} {chosen_line(name, chosen, drawn)}".rstrip())


def chosen_line(name: str, chosen: Sequence[TrialRecord], drawn: Collection[int]) -> str:
    """Which chosen trials stand out in a plot, and which cannot; empty where none could.

    Args:
        name: Key of `PLOTS`.
        chosen: The chosen trials.
        drawn: Numbers of the trials that the plot has marks of.
    """
    if not PLOTS[name].highlights:
        return ""
    absent = [f"{trial.number}" for trial in chosen if trial.number not in drawn]
    parts = []
    if count := len(chosen) - len(absent):
        parts.append(f"The {f'{count} chosen stand' if count > 1 else 'chosen one stands'} out.")
    if absent:
        lack = _LACKS.get(name, "without a score")
        parts.append(f"Chosen but not drawn, {lack} or not shown above: {', '.join(absent)}.")
    return " ".join(parts)


def plot_line(name: str, trials: Sequence[TrialRecord]) -> str:
    """Caption of a plot: content, trials and caveats."""
    parts = [PLOTS[name].about, f"Drawn from the {counted(len(trials), 'filtered trial')}."]
    if len(trials) > MAX_DRAWN:
        parts.append(f"Of these an even choice of {MAX_DRAWN}, the best among them.")
    if left_out := len(trials) - len(drawable_trials(trials)):
        parts.append(f"{left_out} with an infinite score cannot be drawn.")
    if name == "importance":
        parts.append("Evaluator: PED-ANOVA, over the complete trials, for reaching good scores.")
        complete = sum(trial.state == "complete" for trial in trials)
        if complete < FEW_TRIALS:
            parts.append(
                f":material/warning: With {counted(complete, 'complete trial')} this says little: "
                f"below {FEW_TRIALS} the order may be chance."
            )
    return " ".join(parts)


def _is_numeric(column: "pd.Series[Any]") -> bool:
    return pd.api.types.is_numeric_dtype(column)
