"""Details of one trial, and comparison of several."""

from collections.abc import Sequence

import streamlit as st

from core.analysis.labels import label_of_study
from core.search.studies import StudyRecord, TrialRecord
from dashboard.charts.colors import codec_style
from dashboard.views.trials.own_charts import report_figure
from dashboard.views.trials.style import restyled
from dashboard.views.trials.tables import (
    MAX_COMPARED,
    detail_table,
    differences_table,
    reports_table,
    rerun_command,
)
from dashboard.views.trials.trial_previews import show_trial_previews
from dashboard.widgets.charts import show_chart
from dashboard.widgets.downloads import download_csv
from dashboard.widgets.links import link_to_page


def show_chosen(study: StudyRecord, chosen: Sequence[TrialRecord]) -> None:
    """Detail of one chosen trial, or the comparison of two to six."""
    if not chosen:
        st.caption("Choose one trial for its details, or two to six to compare them.")
    elif len(chosen) == 1:
        show_trial(study, chosen[0])
    elif len(chosen) <= MAX_COMPARED:
        show_comparison(study, chosen)
    else:
        st.info(
            f"{len(chosen)} trials are chosen. The plots draw all of them; "
            f"a comparison takes two to {MAX_COMPARED}."
        )


def show_trial(study: StudyRecord, trial: TrialRecord) -> None:
    """Parameters, notes, learning curve and duration of a trial."""
    st.subheader(f"Trial {trial.number}")
    with st.container(horizontal=True):
        for label, value in _headline(trial):
            st.metric(label, value, border=True, width=168)
    left, right = st.columns([2, 3], gap="medium")
    with left:
        table = detail_table(trial)
        st.dataframe(table, hide_index=True, height="content")
        name = f"{study.name}-trial-{trial.number}.csv"
        download_csv(table, file_name=name, key="csv-trial")
    with right:
        show_reports(study, [trial], key="reports-one")
    show_trial_previews(study, [trial])
    if trial.params and study.name:
        st.caption("Trains the model with these parameters on the full training split:")
        st.code(rerun_command(study, trial), language=None, wrap_lines=True)
    link_to_page(
        "trials",
        f"Link to trial {trial.number}",
        icon=":material/link:",
        query={
            "study": label_of_study(study.name, study.model),
            f"{study.name}-chosen": str(trial.number),
        },
    )


def show_comparison(study: StudyRecord, chosen: Sequence[TrialRecord]) -> None:
    """What differs between trials, and their learning curves in one figure."""
    numbers = ", ".join(str(trial.number) for trial in chosen)
    st.subheader(f"Trials {numbers} compared", help="What is equal in all of them is left out.")
    left, right = st.columns([3, 3], gap="medium")
    with left:
        table = differences_table(chosen)
        st.dataframe(table, hide_index=True, height="content")
        download_csv(table, file_name=f"{study.name}-comparison.csv", key="csv-comparison")
    with right:
        show_reports(study, chosen, key="reports-many")
    show_trial_previews(study, chosen)


def show_reports(study: StudyRecord, trials: Sequence[TrialRecord], *, key: str) -> None:
    """Learning curves; a sentence where there are none."""
    table = reports_table(trials)
    if table.empty:
        st.caption("No value was reported while it ran.")
        return
    best = study.best.number if study.best else None
    numbers = [trial.number for trial in trials]
    figure = report_figure(trials, color=codec_style(study.name).color, best=best, chosen=numbers)
    figure = restyled(figure, height=320)
    alt = "PSNR on the validation images after each epoch, one line per trial."
    show_chart(figure, key=key, name=f"{study.name}-learning-curves", alt=alt)
    download_csv(table, file_name="learning-curves.csv", key=f"csv-{key}")


def _headline(trial: TrialRecord) -> list[tuple[str, str]]:
    seconds = "-" if trial.seconds is None else f"{trial.seconds:,.1f} s"
    found = [
        ("State", trial.state),
        ("Score", "-" if trial.value is None else f"{trial.value:.3f}"),
        ("Duration", seconds),
        ("Epochs reported", str(len(trial.reports))),
    ]
    if trial.retry_of is not None:
        found.append(("Repeats trial", str(trial.retry_of)))
    return found
