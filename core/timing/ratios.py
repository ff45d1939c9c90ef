"""Speed and memory ratios of this program to the baselines."""

import pandas as pd

from core.timing.table import BASELINE

#: `method` of this program's rows in the baselines' tables.
OURS = "bottleneck"

#: Number of 160x160 images in the compared trainings: the size of the training split.
TRAINING_IMAGES = 9469

_TASK = ["operation", "setting", "width", "height", "threads"]
_MIB = 2**20


def baseline_ratios(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per baseline and task that both did in the same rounds.

    Args:
        frame: Measurements as `core.timing.table.load_benchmarks` gives them.

    Returns:
        Columns: operation, setting, width, height, threads, baseline, ours_seconds and
        baseline_seconds (medians), ratio, ratio_low and ratio_high (median and quartiles over the
        rounds of theirs divided by ours), ours_mebibytes, baseline_mebibytes (largest resident
        memory of the process, of trainings), repeats.
    """
    rows = frame[(frame["kind"] == BASELINE) & frame["seconds"].notna()]
    rows = rows.fillna({"width": 0.0, "height": 0.0})
    ours = rows[rows["method"] == OURS]
    theirs = rows[rows["method"] != OURS]
    both = theirs.merge(ours, on=[*_TASK, "repeat"], suffixes=("_baseline", "_ours"))
    both["ratio"] = both["seconds_baseline"] / both["seconds_ours"]
    groups = both.groupby([*_TASK, "label_baseline"], sort=False)
    found = pd.DataFrame(
        {
            "ours_seconds": groups["seconds_ours"].median(),
            "baseline_seconds": groups["seconds_baseline"].median(),
            "ratio": groups["ratio"].median(),
            "ratio_low": groups["ratio"].quantile(0.25),
            "ratio_high": groups["ratio"].quantile(0.75),
            "ours_mebibytes": groups["peak_bytes_ours"].max() / _MIB,
            "baseline_mebibytes": groups["peak_bytes_baseline"].max() / _MIB,
            "repeats": groups["ratio"].count(),
        }
    ).reset_index()
    memory = ["ours_mebibytes", "baseline_mebibytes"]
    # Only of trainings: the memory of an evaluation is mostly that of its libraries.
    found[memory] = found[memory].where(found["operation"] == "fit")
    return found.rename(columns={"label_baseline": "baseline"})
