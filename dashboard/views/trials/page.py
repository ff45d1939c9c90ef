"""Page Trials: optima of the searches, parameter importances, and every trial."""

from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from core.plain_english import counted
from core.search.repetition import Agreement, agreements
from core.search.spaces import spaces
from core.search.studies import StudyRecord
from dashboard.views.trials.drawn_trials import FEW_TRIALS
from dashboard.views.trials.optima import (
    cell,
    front_sentence,
    gain_text,
    optima,
    optima_table,
    verdict,
)
from dashboard.views.trials.overview_charts import OVERLAYS
from dashboard.views.trials.studies_list import show_studies
from dashboard.views.trials.study_cache import (
    Studies,
    load_importances,
    load_overlay,
    load_studies,
    published_models,
    study_labels,
)
from dashboard.widgets.charts import show_chart
from dashboard.widgets.deferred import draw_when_reached
from dashboard.widgets.downloads import download_csv, drawn_values
from dashboard.widgets.states import show_empty, show_problems

TITLE = "Trials"
ICON = ":material/tune:"
GROUP = "Evidence"
ORDER = 6

COMMAND = "python -m pipelines.search ae80"
WHY_EMPTY = (
    "A study appears here as soon as a search has begun, and follows it while it runs. There are "
    f"searches of {', '.join(spaces())}."
)
REFRESH_SECONDS = 5
#: Epochs from which on a trial is not far shorter than a training.
LONG_EPOCHS = 10
SCORE_HELP = (
    "The thesis' objective: PSNR in dB plus SSIM, both at range 255 as everywhere here. PSNR is "
    "about thirty times larger, so it dominates the score."
)


def main() -> None:
    """The page."""
    st.title(TITLE)
    is_live = any(study.is_live for study in load_studies().found.values())
    body = st.fragment(show_body, run_every=REFRESH_SECONDS if is_live else None)
    body(was_live=is_live)


def show_body(*, was_live: bool) -> None:
    """All content below the title; refreshes while a search runs."""
    studies = load_studies()
    if was_live and not any(study.is_live for study in studies.found.values()):
        st.rerun()
    show_problems(studies.problems)
    if not studies.found:
        if not studies.problems:
            show_empty("No study yet", why=WHY_EMPTY, command=COMMAND)
        return
    show_optima(studies.searches, agreements(studies.found.values()))
    show_fronts(studies.searches)
    show_missing(studies)
    show_all_studies(studies.searches)
    if len(studies.searches.found) < len(studies.found):
        draw_when_reached(
            partial(show_repetitions, studies),
            key="trials-budgets",
            title="Does a short training decide?",
            height=520,
        )
    draw_when_reached(
        partial(show_one_study, studies),
        key="trials-one-study",
        title="One study, trial by trial",
        height=1400,
    )


def show_repetitions(studies: Studies) -> None:
    """Whether searches decide as their trials do on another budget."""
    # SciPy's statistics take long to import, and few stores have such studies.
    from dashboard.views.trials.budgets import show_budgets

    show_budgets(studies.found, study_labels(studies.found))


def show_one_study(studies: Studies) -> None:
    """The trials of the chosen study, and what all studies are."""
    # Optuna's plots load Matplotlib, which the first screen does without.
    from dashboard.views.trials.objectives import choose_objective, show_objectives
    from dashboard.views.trials.one_study import show_trials

    study = choose_study(studies)
    if not study.trials:
        st.info("The study has no trial yet.")
    elif len(study.directions) > 1:
        show_objectives(study)
        show_trials(choose_objective(study))
    else:
        show_trials(study)
    show_studies(studies)


def show_optima(studies: Studies, repeated: Sequence[Agreement]) -> None:
    """The optima of the searches compared with the thesis: a sentence and a table."""
    labels = study_labels(studies.found)
    found = optima(studies.found.values(), repeated)
    if not found:
        return
    if sentence := verdict(found, labels):
        st.markdown(sentence)
    rows = [
        {
            "Model": labels[optimum.study],
            "Best found": cell(optimum.best.params if optimum.best else {}, optimum.best),
            "Thesis' values": cell(
                optimum.thesis.params if optimum.thesis else optimum.thesis_params, optimum.thesis
            ),
            "Gain in score": gain_text(optimum),
        }
        for optimum in found
    ]
    alt = "Best parameters found for each model beside those of the thesis, with their scores."
    st.table(pd.DataFrame(rows), border="horizontal", hide_index=True, alt=alt)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        table = optima_table(found, labels)
        download_csv(table, file_name="optima.csv", key="csv-optimum")
        st.caption(budget_line(_of_one_objective(studies)), help=SCORE_HELP, width="stretch")


def show_fronts(studies: Studies) -> None:
    """A sentence on each search with several objectives."""
    labels = study_labels(studies.found)
    for study in studies.found.values():
        if len(study.directions) > 1 and study.finite:
            st.markdown(f"{labels[study.name]}: {front_sentence(study, published_models(study))}")


def show_missing(studies: Studies) -> None:
    """Commands of the searches that nobody has run, unless studies cannot be read."""
    searched = {study.model for study in studies.found.values()}
    missing = [f"`python -m pipelines.search {name}`" for name in spaces() if name not in searched]
    if missing and not studies.problems:
        st.caption(f"Not searched yet: {', '.join(missing)}.")


def budget_line(studies: Sequence[StudyRecord]) -> str:
    """Training budget of the studies' trials, and its effect on the scores."""
    budgets = {
        (b.get("images"), b.get("validation_images"), b.get("epochs"))
        for study in studies
        if (b := study.budget)
    }
    if len(budgets) != 1:
        differ = "The budgets of these studies differ, and so do their scores. " if budgets else ""
        return f"{differ}Score: PSNR in dB + SSIM."
    images, validation, epochs = budgets.pop()
    is_short = isinstance(epochs, int) and epochs < LONG_EPOCHS
    short = "far less than a full training, so scores are far lower and " if is_short else ""
    return (
        f"Score: PSNR in dB + SSIM. Each trial trains on {_count(images, 'image')} for "
        f"{_count(epochs, 'epoch')}, once, and is judged on "
        f"{_count(validation, 'validation image')}: {short}small gains may be chance."
    )


def _of_one_objective(studies: Studies) -> list[StudyRecord]:
    return [study for study in studies.found.values() if len(study.directions) == 1]


def show_all_studies(studies: Studies) -> None:
    """Optimisation history of each search, and the parameter importances."""
    left, right = st.columns(2, gap="medium")
    with left:
        show_overlay(studies)
    with right:
        show_importances(studies)


def show_overlay(studies: Studies) -> None:
    """History or distribution of several studies in one figure."""
    names = [study.name for study in _of_one_objective(studies) if study.best is not None]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("How far each search came")
        with st.popover("Show", width="content"):
            kind = st.segmented_control(
                "Overlay",
                list(OVERLAYS),
                default="history",
                format_func=lambda key: OVERLAYS[key],
                required=True,
                key="overlay",
                bind="query-params",
            )
            chosen = st.multiselect(
                "Studies",
                names,
                default=names,
                format_func=lambda name: study_labels(studies.found)[name],
                key="beside",
                bind="query-params",
            )
    if not chosen:
        st.info("Choose a study that has a complete trial.")
        return
    try:
        figure = load_overlay(kind, [studies.found[name] for name in chosen])
    except ValueError as error:
        st.warning(str(error), icon=":material/warning:")
        return
    alt = "Score of each trial over its number, and the best so far, a colour per model."
    show_chart(figure, key="overlay-figure", name="bottleneck-searches", alt=alt)
    download_csv(drawn_values(figure), file_name=f"searches-{kind}.csv", key="csv-overlay")


def show_importances(studies: Studies) -> None:
    """Parameter importances of all studies."""
    st.subheader("Which parameters decided")
    table, figure = load_importances(list(studies.found.values()))
    names = [str(name) for name in table if name != "parameter"]
    if not names:
        st.info("A study needs a few complete trials with two parameters and different scores.")
        return
    alt = "Importance of each parameter for reaching a good score, a colour per model."
    show_chart(figure, key="importances", name="bottleneck-importances", alt=alt)
    counts = [studies.found[name].counts["complete"] for name in names]
    few = (
        f" :material/warning: With {_span(counts)} complete trials the order may be chance: it "
        f"takes {FEW_TRIALS}."
        if min(counts) < FEW_TRIALS
        else ""
    )
    st.caption(f"PED-ANOVA over the complete trials.{few}")
    download_csv(table, file_name="importances.csv", key="csv-importances")


def choose_study(studies: Studies) -> StudyRecord:
    """Selected study; by default a running one."""
    st.subheader("One study, trial by trial")
    names, labels = list(studies.found), study_labels(studies.found)
    running = [name for name in names if studies.found[name].is_live]
    name = st.segmented_control(
        "Study",
        names,
        default=(running or names)[0],
        format_func=lambda found: labels[found],
        required=True,
        key="study",
        bind="query-params",
    )
    return studies.found[name]


def _span(counts: Sequence[int]) -> str:
    low, high = min(counts), max(counts)
    return str(low) if low == high else f"{low} to {high}"


def _count(value: object, noun: str) -> str:
    return counted(value, noun) if isinstance(value, int) else f"{value} {noun}s"


main()
