"""Sections on the provenance of the results: speed and sources."""

from collections.abc import Iterable, Sequence

import pandas as pd

from core.analysis.axis_ticks import TIME_TICKS
from core.analysis.labels import codecs_by_encoder
from core.codecs.styles import codec_style
from core.evaluation.facts import encoder_of
from core.plain_english import counted
from core.report.document import Section
from core.report.plot import Plot, Series
from core.report.tables import THREE_DIGITS, Column, Table
from core.store import ArtifactError, Manifest
from core.store.key import last_part
from core.timing.table import (
    BASELINE,
    Benchmarks,
    image_sizes,
    machine_facts,
    medians,
    was_busy,
)

_OPERATIONS = {"encode": "circle", "decode": "circle-open"}


def speed_section(found: Benchmarks) -> Section:
    """How long codecs take; what is timed beside baselines, with other rounds, is left out."""
    table = medians(found.frame[found.frame["kind"] != BASELINE])
    coding = table[table["operation"].isin(list(_OPERATIONS)) & (table["repeats"] > 0)]
    if coding.empty:
        return Section("speed", "Speed")
    paragraphs = [
        "Median time on one core in a process that has coded such an image before, and the "
        "middle half of the rounds. Codecs took turns, round by round."
    ]
    if any(was_busy(manifest) for manifest in found.manifests.values()):
        paragraphs.append("**Other programs were running meanwhile**: compare only roughly.")
    if any(manifest.facts.get("quick") for manifest in found.manifests.values()):
        paragraphs.append("**A rehearsal of few rounds**, not the whole benchmark.")
    usual = coding[(coding["start"] == "warm") & (coding["threads"] == 1)]
    plots = [_times(usual, size) for size in image_sizes(usual)]
    tables = [_time_table(coding), _machine(found.manifests.values())]
    return Section("speed", "Speed", tuple(paragraphs), (*plots, *tables))


def source_section(manifests: Iterable[Manifest], problems: Sequence[ArtifactError]) -> Section:
    """The artifacts that the report was made from, and the problems of the others."""
    known = list(manifests)
    frame = pd.DataFrame(
        {
            "artifact": manifest.key,
            "created": manifest.created[:16].replace("T", " "),
            "commit": (manifest.commit or "unknown")[:12],
            "changed": _spoken(manifest.provenance.get("dirty")),
            "cpu": manifest.provenance.get("cpu"),
            "cores": manifest.provenance.get("cpu_count"),
            "python": manifest.provenance.get("python"),
            "encoder": encoder_of(manifest),
            "libraries": ", ".join(f"{name} {one}" for name, one in manifest.versions.items()),
            "sha256": " ".join(entry.sha256 for entry in manifest.files.values()),
        }
        for manifest in known
    )
    columns = {
        "artifact": Column("Artifact"),
        "created": Column("Made (UTC)"),
        "commit": Column("Code (git commit)"),
        "changed": Column("Code differed from it"),
        "cpu": Column("Processor"),
        "cores": Column("Cores", ".0f"),
        "python": Column("Python"),
    }
    caption = (
        "The file `sources.csv`, which is saved with the figures and tables for a paper, has the "
        "sha256 of every file as well."
    )
    parts = (Table("sources", "Artifacts", caption, frame, columns),) if len(frame) else ()
    unused = tuple(f"Not used: {problem}" for problem in problems)
    title = "Where the numbers come from"
    return Section("sources", title, (*unused, *_library_lines(frame), *_encoders(known)), parts)


def _library_lines(frame: pd.DataFrame) -> list[str]:
    """The libraries, once for all artifacts that were made with the same ones."""
    if frame.empty:
        return []
    counts = frame["libraries"].value_counts()
    return [
        f"Libraries of {counted(count, 'artifact')}: {text}."
        for text, count in counts.items()
        if text
    ]


def _encoders(manifests: Iterable[Manifest]) -> list[str]:
    """The encoders in one line, each with the codecs that it wrote."""
    found = codecs_by_encoder(manifests)
    named = "; ".join(f"{encoder} ({' / '.join(labels)})" for encoder, labels in found.items())
    return [f"Encoders: {named}."] if named else []


def _times(usual: pd.DataFrame, size: tuple[int, int]) -> Plot:
    width, height = size
    rows = usual[(usual["width"] == width) & (usual["height"] == height)]
    encoding = rows[rows["operation"] == "encode"].sort_values("seconds")
    methods = list(dict.fromkeys([*encoding["method"], *rows["method"]]))
    labels = dict(zip(rows["method"], rows["label"], strict=True))
    series = [_time_series(row, methods.index(row["method"])) for _, row in rows.iterrows()]
    return Plot(
        name=f"times-{width}x{height}",
        title=f"Time to encode and to decode {width}x{height} pixels",
        caption="Full marks: encode. Open marks: decode. The axis is logarithmic.",
        x_title="Time",
        x_unit="ms",
        y_title="",
        series=tuple(series),
        x_scale="log",
        x_ticks=TIME_TICKS,
        names=tuple(labels[method] for method in methods),
    )


def _time_series(row: "pd.Series[float]", index: int) -> Series:
    style = codec_style(str(row["method"]))
    middle, low, high = (
        1000 * float(row[name]) for name in ("seconds", "seconds_q1", "seconds_q3")
    )
    operation = str(row["operation"])
    return Series(
        label=str(row["label"]),
        style=type(style)(style.color, _OPERATIONS[operation]),
        x=(middle,),
        y=(float(index),),
        low=(low,),
        high=(high,),
        has_line=False,
        operation=operation,
        notes=(f"{operation}: {middle:,.3g} ms ({low:,.3g} to {high:,.3g})",),
    )


def _time_table(coding: pd.DataFrame) -> Table:
    frame = coding.assign(
        image=[f"{row.width:.0f}x{row.height:.0f}" for row in coding.itertuples()],
        milliseconds=1000 * coding["seconds"],
        milliseconds_q1=1000 * coding["seconds_q1"],
        milliseconds_q3=1000 * coding["seconds_q3"],
        peak_megabytes=coding["peak_bytes"] / 1e6,
    ).sort_values(["width", "start", "threads", "label", "operation"])
    columns = {
        "label": Column("Codec"),
        "setting": Column("Setting"),
        "image": Column("Image"),
        "start": Column("Process"),
        "threads": Column("Cores", ".0f"),
        "operation": Column("Operation"),
        "milliseconds": Column("Median (ms)", THREE_DIGITS),
        "milliseconds_q1": Column("from", THREE_DIGITS),
        "milliseconds_q3": Column("to", THREE_DIGITS),
        "peak_megabytes": Column("Peak memory (MB)", ",.0f"),
        "repeats": Column("Rounds", ".0f"),
    }
    caption = (
        "Cold: the first call in a fresh process; its peak memory counts Python and all libraries."
    )
    return Table("times", "All times and memory", caption, frame, columns)


def _machine(manifests: Iterable[Manifest]) -> Table:
    """What is known of the machine, once where all parts of the benchmark agree."""
    parts: dict[tuple[str, str], list[str]] = {}
    for manifest in manifests:
        for fact, value in machine_facts(manifest).items():
            parts.setdefault((fact, value), []).append(last_part(manifest.key))
    rows = [
        {"fact": fact, "value": value, "parts": ", ".join(names)}
        for (fact, value), names in parts.items()
        if fact != "Libraries"  # those of all artifacts are listed with their sources
    ]
    columns = {"fact": Column("What"), "value": Column("Value"), "parts": Column("Measured there")}
    return Table("machine", "The machine", "", pd.DataFrame(rows), columns)


def _spoken(value: object) -> str:
    return (
        {True: "yes", False: "no"}.get(value, "unknown") if isinstance(value, bool) else "unknown"
    )
