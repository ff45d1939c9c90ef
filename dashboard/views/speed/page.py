"""How long encoding and decoding take, what memory they need, and how fast the program is."""

from collections.abc import Mapping
from functools import partial

import pandas as pd
import streamlit as st

from core.analysis.labels import label_of
from core.analysis.ladder import STEP_CODECS
from core.plain_english import counted
from core.store import Manifest
from core.timing.table import (
    BASELINE,
    PREFIX,
    Benchmarks,
    Start,
    image_sizes,
    load_benchmarks,
    medians,
    was_busy,
)
from dashboard.data.store import DATASET, load_results, open_store, store_state
from dashboard.views.speed.baselines import show_baselines
from dashboard.views.speed.charts import (
    OPERATIONS,
    coding_times,
    memory_figure,
    pixel_cost_figure,
    pixel_costs,
    time_figure,
    timed_only,
)
from dashboard.views.speed.program import show_program
from dashboard.views.speed.tables import (
    machine_table,
    refusals,
    show_machine,
    show_times,
    untimed_codecs,
)
from dashboard.views.speed.worth import show_worth
from dashboard.widgets.charts import show_chart
from dashboard.widgets.deferred import draw_when_reached
from dashboard.widgets.downloads import download_csv
from dashboard.widgets.states import show_empty, show_problems

TITLE = "Speed"
ICON = ":material/speed:"
GROUP = "Results"
ORDER = 3

COMMAND = "python -m pipelines.benchmark"
INTRODUCTION = (
    "How long each codec takes for one image, at its default setting. Codecs took turns, round by "
    "round, so that other load on the machine affected all of them equally."
)
WHY_EMPTY = (
    "Times are measured on the built-in photographs, in turns, on a machine that does nothing else."
)
STARTS: dict[Start, str] = {"warm": "Warm", "cold": "Cold"}
START_HELP = (
    "**Warm**: a process that has coded such an image before. **Cold**: the first call in a fresh "
    "process, which loads what it needs; the time to start Python and import comes on top and is a "
    "column of the table."
)
CORES_HELP = (
    "Processor cores that the process may use. A codec that cannot use a second core is shown with "
    "its time on one."
)
MEMORY_HELP = (
    "Peak resident memory of a fresh process that codes one image: full bars encode, pale ones "
    "decode. Much of it is taken by the libraries."
)


@st.cache_resource(max_entries=2, show_spinner=False)
def benchmarks_of(state: str) -> Benchmarks:
    """All measurements; cached by the state of the artifacts."""
    return load_benchmarks(open_store())


@st.cache_resource(max_entries=2, show_spinner=False)
def medians_of(state: str) -> pd.DataFrame:
    """Medians of all measurements; cached by the state of the artifacts."""
    return medians(benchmarks_of(state).frame)


def main() -> None:
    """The page."""
    st.title(TITLE)
    st.markdown(INTRODUCTION)
    state = store_state(PREFIX)
    found = benchmarks_of(state)
    show_problems(found.problems)
    if found.frame.empty:
        if not found.problems:
            show_empty("Nothing timed yet", why=WHY_EMPTY, command=COMMAND)
        return
    show_doubts(found.manifests)
    table = medians_of(state)
    ours = table[table["kind"] != BASELINE]
    show_worth(ours)
    show_untimed(ours, found.manifests)
    draw_when_reached(
        partial(show_codecs, ours), key="speed-codecs", title="Encode and decode", height=1900
    )
    draw_when_reached(
        partial(show_baselines, found.frame), key="speed-baselines", title="Baselines", height=500
    )
    draw_when_reached(
        partial(show_rest, table, found), key="speed-rest", title="The program", height=900
    )


def show_untimed(table: pd.DataFrame, manifests: Mapping[str, Manifest]) -> None:
    """Names the codecs that have results but no times, with the command that measures them."""
    left_out = [name for one in manifests.values() for name in one.facts.get("left_out", {})]
    measured = load_results(DATASET).manifests
    names = untimed_codecs(measured, table, STEP_CODECS.union(left_out))
    if names:
        st.info(
            f"Measured but not timed yet, so not on this page: {'; '.join(map(label_of, names))}. "
            f"`{COMMAND} --only codecs` times them, together with all others.",
            icon=":material/timer_off:",
        )


def show_rest(table: pd.DataFrame, found: Benchmarks) -> None:
    """Evaluation, training and dashboard; what is missing; the machine."""
    show_program(table[table["kind"] != BASELINE])
    show_what_is_missing(table, found.manifests)
    show_source(found)


def show_doubts(manifests: Mapping[str, Manifest]) -> None:
    """Warns if the times are of a quick run or of a busy machine."""
    if any(was_busy(manifest) for manifest in manifests.values()):
        st.warning(
            "Other programs were running on the machine during the measurement: these times "
            "allow only rough comparisons.",
            icon=":material/hourglass_top:",
        )
    if any(manifest.facts.get("quick") for manifest in manifests.values()):
        st.info(f"A rehearsal of few rounds. For reliable times, run `{COMMAND}`.")


def show_codecs(table: pd.DataFrame) -> None:
    """Times and memory of the codecs."""
    coding = table[table["operation"].isin(list(OPERATIONS))]
    sizes = image_sizes(coding)
    if not sizes:
        show_empty("No codec timed yet", why=WHY_EMPTY, command=f"{COMMAND} --only codecs")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        size = choose_size(sizes)
        start = choose_start(coding)
        threads = choose_threads(coding)
    rows = timed_only(coding_times(table, size=size, start=start, threads=threads))
    name = f"{size[0]}x{size[1]}-{start}-{threads}"
    st.subheader(f"Encode and decode, {size[0]}x{size[1]}")
    if rows.empty:
        st.info("Nothing was timed with these choices.")
        return
    alt = "Median time to encode and to decode by codec, with quartiles."
    figure = time_figure(rows, threads=threads)
    show_chart(figure, key="times", name=f"bottleneck-times-{name}", alt=alt)
    st.caption(rounds_line(rows))
    show_times(rows)
    download_csv(rows, file_name=f"bottleneck-times-{name}.csv", key="csv-times")
    if len(sizes) > 1:
        show_growth(table, start)
    show_memory(table, size)


def choose_size(sizes: list[tuple[int, int]]) -> tuple[int, int]:
    """Size of the image."""
    spelled = {f"{width}x{height}": (width, height) for width, height in sizes}
    usual = list(spelled)[min(1, len(sizes) - 1)]
    chosen = st.segmented_control(
        "Image",
        list(spelled),
        default=usual,
        required=True,
        key="size",
        bind="query-params",
        help="Width and height in pixels; made of the photographs that ship with scikit-image.",
    )
    return spelled[chosen]


def choose_start(coding: pd.DataFrame) -> Start:
    """Whether the process was fresh."""
    found = [start for start in STARTS if (coding["start"] == start).any()]
    return st.segmented_control(
        "Process",
        found,
        default=found[0],
        format_func=STARTS.__getitem__,
        required=True,
        key="start",
        bind="query-params",
        help=START_HELP,
    )


def choose_threads(coding: pd.DataFrame) -> int:
    """Processor cores."""
    found = sorted(int(count) for count in coding["threads"].unique())
    return st.segmented_control(
        "Cores",
        found,
        default=found[0],
        required=True,
        key="cores",
        bind="query-params",
        help=CORES_HELP,
    )


def rounds_line(rows: pd.DataFrame) -> str:
    """Caption: what markers and bars show."""
    counts = sorted({int(count) for count in rows["repeats"]})
    least = f"{counts[0]} to " if len(counts) > 1 else ""
    return f"Medians of {least}{counted(counts[-1], 'round')}; the bars are interquartile ranges."


def show_growth(table: pd.DataFrame, start: Start) -> None:
    """Time per pixel by image size."""
    st.subheader("What a pixel costs in small and large images")
    operation = st.segmented_control(
        "Operation",
        list(OPERATIONS),
        default="encode",
        format_func=OPERATIONS.__getitem__,
        required=True,
        key="operation",
        bind="query-params",
    )
    figure = pixel_cost_figure(table, operation=operation, start=start)
    alt = f"Nanoseconds per pixel to {operation}, by size of the image, one line per codec."
    show_chart(figure, key="growth", name=f"bottleneck-pixel-costs-{operation}", alt=alt)
    st.caption("One core. A flat line: time grows as the image does.")
    costs = pixel_costs(table, operation=operation, start=start)
    download_csv(costs, file_name=f"bottleneck-pixel-costs-{operation}.csv", key="csv-growth")


def show_memory(table: pd.DataFrame, size: tuple[int, int]) -> None:
    """Peak memory of fresh processes."""
    rows = coding_times(table, size=size, start="cold", threads=1)
    rows = rows[rows["peak_bytes"].notna()]
    if rows.empty:
        return
    st.subheader(f"Memory, {size[0]}x{size[1]}", help=MEMORY_HELP)
    alt = "Peak resident memory of a process that encodes or decodes one image, by codec."
    name = f"bottleneck-memory-{size[0]}x{size[1]}"
    show_chart(memory_figure(rows), key="memory", name=name, alt=alt)
    download_csv(rows, file_name=f"bottleneck-memory-{size[0]}x{size[1]}.csv", key="csv-memory")


def show_what_is_missing(table: pd.DataFrame, manifests: Mapping[str, Manifest]) -> None:
    """Codecs without a time, with the reason."""
    lines = refusals(table)
    for manifest in manifests.values():
        left_out: Mapping[str, str] = manifest.facts.get("left_out", {})
        lines += [f"**{name}**: {reason}" for name, reason in left_out.items()]
    if lines:
        with st.expander(f"Not timed: {len(lines)}", icon=":material/timer_off:"):
            st.markdown("\n".join(f"- {line}" for line in lines))


def show_source(found: Benchmarks) -> None:
    """The machine, and all measurements as a table."""
    st.subheader("The machine")
    show_machine(found.manifests.values())
    with st.container(horizontal=True):
        download_csv(
            found.frame,
            file_name="bottleneck-measurements.csv",
            key="csv-measurements",
            label="Every measurement as CSV",
        )
        download_csv(
            machine_table(found.manifests.values()).reset_index(),
            file_name="bottleneck-machine.csv",
            key="csv-machine",
            label="Machine as CSV",
        )


main()
