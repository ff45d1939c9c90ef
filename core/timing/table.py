"""Tables of the benchmark's times and memory, their medians, and the machine.

Every artifact below `benchmarks/` is a table of this form. Baselines, such as another library, have
an artifact of their own.
"""

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core.store import Artifact, ArtifactError, ArtifactStore, Manifest
from core.store.key import last_part

PREFIX = "benchmarks/"

#: Kind of the rows that compare this program with baselines.
BASELINE = "baseline"

#: Number of cores in use by other programs above which times are unreliable.
BUSY_CORES = 0.2

Start = Literal["cold", "warm"]
#: Columns that identify a row of the medians.
_IDENTITY = [
    "method",
    "label",
    "kind",
    "setting",
    "width",
    "height",
    "threads",
    "start",
    "operation",
]


@dataclass(frozen=True)
class Timing:
    """One measurement.

    Attributes:
        method: What was measured: a codec, a model, `dashboard`, or a baseline.
        label: Its name on the screen.
        kind: Kind of a codec, else `model`, `dashboard` or `BASELINE`.
        operation: `encode`, `decode`, `evaluate` (encode, decode and all metrics that every
            image gets), `train` (per image); of a page of the dashboard `first_content`,
            `whole_page`, `opened_by_click` (the whole page, from another one) and `memory`; among
            baselines also `fit`, `feed`, `evaluate_file` and `metrics`, all per image.
        start: `cold`: the first call in a fresh process; `warm`: a later one.
        threads: Processor cores that the process may use.
        repeat: Number of the round, from 0.
        setting: Setting of a codec; page of the dashboard; among baselines the common model.
        width: Width of the image in pixels; None where there is none.
        height: Height of the image in pixels; None where there is none.
        seconds: Wall-clock time.
        startup_seconds: Time from the start of a cold process to the call, imports included.
        file_bytes: Size of the file that a codec wrote or read.
        baseline_bytes: Resident memory of a cold process before the call.
        peak_bytes: Largest resident memory of a cold process in the call, or of the dashboard.
        error: Why the measurement failed.
    """

    method: str
    label: str
    kind: str
    operation: str
    start: Start
    threads: int
    repeat: int
    setting: str = ""
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    startup_seconds: float | None = None
    file_bytes: int | None = None
    baseline_bytes: int | None = None
    peak_bytes: int | None = None
    error: str | None = None


class Benchmarks(NamedTuple):
    """All measurements of the benchmark.

    Attributes:
        frame: One row per measurement, columns as the fields of `Timing`; numbers are float64.
        problems: One error for each artifact that is missing a file or damaged.
        manifests: Manifest by the last part of its key, of the readable artifacts.
    """

    frame: pd.DataFrame
    problems: tuple[ArtifactError, ...]
    manifests: dict[str, Manifest]


def benchmark_key(part: str) -> str:
    """Key of one part of the benchmark; its file is called `<part>.parquet`."""
    return f"{PREFIX}{part}"


def to_parquet(timings: Iterable[Timing]) -> bytes:
    """Parquet file of the measurements."""
    file = io.BytesIO()
    table = pa.Table.from_pylist([vars(timing) for timing in timings], schema=_SCHEMA)
    pq.write_table(table, file, compression="zstd")
    return file.getvalue()


def from_parquet(data: bytes) -> pd.DataFrame:
    """Frame of the measurements that `to_parquet` wrote.

    Raises:
        ValueError: The table has other columns.
    """
    table = pq.read_table(io.BytesIO(data))
    if table.schema.names != _SCHEMA.names:
        raise ValueError(f"Expected the columns {_SCHEMA.names}; received {table.schema.names}.")
    return _typed(table.to_pandas())


def load_benchmarks(store: ArtifactStore) -> Benchmarks:
    """All parts of the benchmark; damaged ones are listed as problems."""
    frames = [_typed(_SCHEMA.empty_table().to_pandas())]
    problems: list[ArtifactError] = []
    manifests: dict[str, Manifest] = {}
    for key in store.keys(PREFIX):
        try:
            frame, manifest = store.load(key, _read)
            frames.append(frame)
            manifests[last_part(key)] = manifest
        except ArtifactError as error:
            problems.append(error)
    return Benchmarks(pd.concat(frames, ignore_index=True), tuple(problems), manifests)


def medians(frame: pd.DataFrame) -> pd.DataFrame:
    """Medians over the rounds, one row per measured operation.

    Columns: those that identify it, then repeats (successful rounds), seconds, seconds_q1 and
    seconds_q3 (median and quartiles), startup_seconds, file_bytes, baseline_bytes, peak_bytes
    (medians), pixels_per_second, and error (the first, if no round succeeded).
    """
    groups = frame.groupby(_IDENTITY, sort=False, dropna=False)
    seconds = groups["seconds"]
    found = pd.DataFrame(
        {
            "repeats": seconds.count(),
            "seconds": seconds.median(),
            "seconds_q1": seconds.quantile(0.25),
            "seconds_q3": seconds.quantile(0.75),
            **{name: groups[name].median() for name in _SIZES},
            "error": groups["error"].first(),
        }
    ).reset_index()
    pixels = found["width"] * found["height"]
    found["error"] = found["error"].where(found["repeats"] == 0)
    return found.assign(pixels_per_second=pixels / found["seconds"])


def image_sizes(frame: pd.DataFrame) -> list[tuple[int, int]]:
    """Width and height of the images in a table, from the smallest to the largest."""
    rows = frame[["width", "height"]].dropna().drop_duplicates().astype(int)
    return sorted(rows.itertuples(index=False, name=None), key=lambda size: size[0] * size[1])


def machine_facts(manifest: Manifest) -> dict[str, str]:
    """Facts of the machine by label; its host name is not among them."""
    found: Mapping[str, Any] = manifest.provenance
    facts = manifest.facts.get("machine", {})
    memory, busy = facts.get("memory_bytes"), facts.get("busy_cores_before")
    versions = ", ".join(f"{name} {version}" for name, version in manifest.versions.items())
    return {
        "Processor": str(found.get("cpu", "unknown")),
        "Cores": str(found.get("cpu_count", "unknown")),
        "Memory": f"{memory / 2**30:.1f} GiB" if memory else "unknown",
        "System": str(found.get("platform", "unknown")),
        "Python": str(found.get("python", "unknown")),
        "Libraries": versions or "unknown",
        "Other work before": "unknown" if busy is None else f"{busy:.2f} cores",
        "Code (git commit)": (manifest.commit or "unknown")[:12],
        "Measured on": manifest.created[:10],
    }


def was_busy(manifest: Manifest) -> bool:
    """Whether other programs kept the machine busy before the benchmark started."""
    busy = manifest.facts.get("machine", {}).get("busy_cores_before")
    return busy is not None and busy > BUSY_CORES


_SIZES = ("startup_seconds", "file_bytes", "baseline_bytes", "peak_bytes")
_TEXTS = {"method", "label", "kind", "operation", "start", "setting", "error"}
_SCHEMA = pa.schema(
    [
        (field.name, pa.string() if field.name in _TEXTS else pa.float64())
        for field in fields(Timing)
    ]
)


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    kinds = {name: "str" if name in _TEXTS else "float64" for name in frame.columns}
    return frame.astype(kinds)


def _read(artifact: Artifact) -> tuple[pd.DataFrame, Manifest]:
    name = artifact.file("parquet")
    frame = artifact.parsed(name, from_parquet, reason="is not a table of times")
    return frame, artifact.manifest
