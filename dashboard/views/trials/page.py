"""The searches for parameters: studies, trials, plots of what decided, and comparisons."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.search.studies import STATES, StudyRecord, TrialRecord
from dashboard.views.trials.charts import (
    FEW_TRIALS,
    MOST_DRAWN,
    PLOTS,
    VALUE_NAME,
    missing,
)
from dashboard.views.trials.details import show_chosen
from dashboard.views.trials.filter import choose_trials
from dashboard.views.trials.study_cache import Studies, load_figure, load_overlay, load_studies
from dashboard.views.trials.tables import (
    first_columns,
    optimum_table,
    parameter_names,
    studies_table,
    trials_table,
)
from dashboard.widgets.charts import CONFIG
from dashboard.widgets.downloads import download_csv
from dashboard.widgets.states import show_empty, show_problems

TITLE = "Trials"
ICON = ":material/tune:"
GROUP = "Evidence"
ORDER = 6

COMMAND = "python -m pipelines.search ae80"
INTRODUCTION = (
    "The thesis chose filters, activation and learning rate of each autoencoder by a search. "
    "Here is the same search again, on a smaller budget per trial, with every trial on record."
)
WHY_EMPTY = (
    "A study appears here as soon as a search has begun, and follows it while it runs. Each "
    "autoencoder has a search of its own: ae80, ae40, ae20."
)
REFRESH_SECONDS = 5
COLUMN_NAMES = {
    "number": "Trial",
    "state": "State",
    "value": VALUE_NAME,
    "psnr_db": "PSNR (dB)",
    "ssim": "SSIM",
    "seconds": "Seconds",
}
SCORE_HELP = (
    "The thesis' objective: PSNR in dB plus SSIM, both at range 255 as everywhere here. PSNR is "
    "some thirty times the larger, so it decides nearly alone."
)


def main() -> None:
    """The page."""
    st.title(TITLE)
    st.markdown(INTRODUCTION)
    is_live = any(study.is_live for study in load_studies().found.values())
    body = st.fragment(show_body, run_every=REFRESH_SECONDS if is_live else None)
    body(was_live=is_live)


def show_body(*, was_live: bool) -> None:
    """All but the title; while a search runs it renews itself."""
    studies = load_studies()
    if was_live and not any(study.is_live for study in studies.found.values()):
        st.rerun()
    show_problems(studies.problems)
    if not studies.found:
        if not studies.problems:
            show_empty("No study yet", why=WHY_EMPTY, command=COMMAND)
        return
    show_studies(studies)
    study = choose_study(studies)
    if not study.trials:
        st.info("The study has no trial yet.")
        return
    show_optimum(study)
    show_trials(study)
    show_side_by_side(studies)


def show_studies(studies: Studies) -> None:
    """One row per study."""
    st.subheader("Studies")
    table = studies_table(studies.found.values())
    st.dataframe(
        table,
        hide_index=True,
        height="content",
        column_config={
            "study": "Study",
            "live": st.column_config.CheckboxColumn("Live"),
            "direction": "Direction",
            "trials": "Trials",
            **{state: state.capitalize() for state in STATES},
            "best_value": st.column_config.NumberColumn("Best score", format="%.3f"),
            "best_trial": "Best trial",
            "images": "Images per epoch",
            "validation_images": "Validation images",
            "epochs": "Epochs per trial",
            "dataset_sha256": st.column_config.TextColumn("Data set (sha256)", width="small"),
            "created": st.column_config.DatetimeColumn("Begun", format="YYYY-MM-DD HH:mm"),
        },
    )
    download_csv(table, file_name="studies.csv", key="csv-studies")


def choose_study(studies: Studies) -> StudyRecord:
    """Study that the rest of the page is about; at first one that runs."""
    names = list(studies.found)
    running = [name for name in names if studies.found[name].is_live]
    name = st.segmented_control(
        "Study",
        names,
        default=(running or names)[0],
        required=True,
        key="study",
        bind="query-params",
    )
    return studies.found[name]


def show_optimum(study: StudyRecord) -> None:
    """What the search found, beside what the thesis found."""
    st.subheader("Optimum", help=SCORE_HELP)
    budget = study.budget
    if budget:
        st.caption(
            f"A trial trains on {budget.get('images')} images for {budget.get('epochs')} "
            f"epochs and is judged on {budget.get('validation_images')} validation images; "
            "so its PSNR lies far below that of a full training. The first trial of each study is "
            "the thesis' optimum on the same budget."
        )
    table = optimum_table(study)
    if table.empty:
        st.caption("No trial is complete yet.")
        return
    st.dataframe(table, hide_index=True, height="content")
    download_csv(table, file_name=f"{study.name}-optimum.csv", key="csv-optimum")


def show_trials(study: StudyRecord) -> None:
    """Filter, table, chosen trials and plots of one study."""
    st.subheader("Trials")
    matching = choose_trials(study.trials, prefix=study.name).matching(study.trials)
    st.caption(f"{len(matching):,} of {len(study.trials):,} trials pass the filter.")
    if not matching:
        st.info("No trial passes: choose a state, or widen a range.")
        return
    show_table(study, matching)
    chosen = choose_numbers(study)
    show_chosen(study, chosen)
    show_plots(study, matching, chosen)


def show_table(study: StudyRecord, trials: Sequence[TrialRecord]) -> None:
    """One row per trial; rows that are ticked are chosen."""
    table = trials_table(trials)
    columns = st.multiselect(
        "Columns",
        list(table),
        default=first_columns(table, parameter_names(trials)),
        format_func=lambda name: COLUMN_NAMES.get(name, name),
        key=f"{study.name}-columns",
        bind="query-params",
        wrap=True,
    )
    shown = table[columns] if columns else table
    st.dataframe(
        shown,
        hide_index=True,
        height=min(420, 38 + 35 * len(shown)),
        column_config=column_config(shown),
        on_select=lambda: take_rows(study.name, table["number"]),
        selection_mode="multi-row",
        key=f"{study.name}-table",
    )
    download_csv(shown, file_name=f"{study.name}-trials.csv", key="csv-trials")


def column_config(table: pd.DataFrame) -> dict[str, object]:
    """Names and formats of the columns."""
    number = st.column_config.NumberColumn
    formats = {
        "value": number(VALUE_NAME, format="%.3f"),
        "psnr_db": number("PSNR (dB)", format="%.2f"),
        "ssim": number("SSIM", format="%.4f"),
        "seconds": number("Seconds", format="%.1f"),
        "learning_rate": number("learning_rate", format="%.3g"),
    }
    return {name: formats.get(name, COLUMN_NAMES.get(name, name)) for name in table}


def take_rows(study: str, numbers: pd.Series) -> None:
    """Chooses the trials whose rows were ticked."""
    rows = st.session_state[f"{study}-table"].selection.rows
    st.session_state[f"{study}-chosen"] = [int(numbers.iloc[row]) for row in rows]


def choose_numbers(study: StudyRecord) -> list[TrialRecord]:
    """Trials that are looked at closely and that the plots draw; none at first."""
    numbers = [trial.number for trial in study.trials]
    chosen = st.multiselect(
        "Chosen trials",
        numbers,
        placeholder="Tick rows of the table, or choose numbers here",
        key=f"{study.name}-chosen",
        bind="query-params",
        help="One trial shows its details, two to six are compared, and the plots draw these only.",
    )
    return [trial for trial in study.trials if trial.number in set(chosen)]


def show_plots(study: StudyRecord, matching: list[TrialRecord], chosen: list[TrialRecord]) -> None:
    """One of Optuna's plots; only the one that is looked at is made."""
    st.subheader("Plots")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        name = st.segmented_control(
            "Plot",
            list(PLOTS),
            default="history",
            format_func=lambda key: PLOTS[key].label,
            required=True,
            key="plot",
            bind="query-params",
        )
        log_value = st.toggle("Logarithmic values", key="log", bind="query-params")
    trials = chosen if len(chosen) > 1 else matching
    if lack := missing(PLOTS[name], trials):
        st.info(lack)
        return
    figure = load_figure(name, study, trials, log_value=log_value)
    st.plotly_chart(figure, key=f"plot-{name}", config=CONFIG, alt=PLOTS[name].about)
    st.caption(plot_line(name, trials, are_chosen=trials is chosen))


def plot_line(name: str, trials: Sequence[TrialRecord], *, are_chosen: bool) -> str:
    """What a plot shows, of which trials, and what to mind."""
    which = "chosen" if are_chosen else "filtered"
    parts = [PLOTS[name].about, f"Drawn from the {len(trials):,} {which} trials."]
    if len(trials) > MOST_DRAWN:
        parts.append(f"Of these an even choice of {MOST_DRAWN}, the best among them.")
    if name == "importance":
        parts.append("Evaluator: PED-ANOVA, over the complete trials, for reaching good scores.")
        complete = sum(trial.state == "complete" for trial in trials)
        if complete < FEW_TRIALS:
            parts.append(
                f":orange[With {complete} complete trials this says little: below {FEW_TRIALS} the "
                "order may be chance.]"
            )
    return " ".join(parts)


def show_side_by_side(studies: Studies) -> None:
    """History or distribution of several studies in one figure."""
    names = list(studies.found)
    if len(names) < 2:
        return
    st.subheader("Studies side by side")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        chosen = st.multiselect(
            "Studies", names, default=names, key="beside", bind="query-params", width=360
        )
        kind = st.segmented_control(
            "Overlay",
            ["history", "edf"],
            default="history",
            format_func=lambda key: PLOTS[key].label,
            required=True,
            key="overlay",
            bind="query-params",
        )
    records = [studies.found[name] for name in chosen]
    if len(records) < 2 or any(study.best is None for study in records):
        st.info("Choose at least two studies that each have a complete trial.")
        return
    try:
        figure = load_overlay(kind, records)
    except ValueError as error:
        st.warning(str(error), icon=":material/warning:")
        return
    st.plotly_chart(figure, key="overlay-figure", config=CONFIG, alt=PLOTS[kind].about)
    budgets = {str(sorted(study.budget.items())) for study in records}
    if len(budgets) > 1:
        st.caption(":orange[The budgets of these studies differ, and so do their scores.]")


main()
