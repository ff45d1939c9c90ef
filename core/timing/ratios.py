"""How many times faster, and with how much less memory, this program does what others do."""

import pandas as pd

from core.timing.table import BASELINE

#: Method of our own rows among those of baselines.
OURS = "bottleneck"

#: Images of 160x160 in memory or in a file while trainings are compared: those of the training
#: split of the data set.
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
    # An evaluation's memory is that of its libraries: it tells nothing.
    found[memory] = found[memory].where(found["operation"] == "fit")
    return found.rename(columns={"label_baseline": "baseline"})
