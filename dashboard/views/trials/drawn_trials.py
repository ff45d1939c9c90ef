"""Which trials of a study are drawn, and how many a plot needs."""

import math
from collections.abc import Sequence

import numpy as np

from core.search.studies import TrialRecord

#: Maximum number of trials in a plot; of more, evenly spaced ones and the best.
MAX_DRAWN = 600
#: Minimum number of complete trials for meaningful importances.
FEW_TRIALS = 30
#: Fewer complete trials are all among the best, which PED-ANOVA compares with all.
MIN_FOR_IMPORTANCES = 3


def drawable_trials(trials: Sequence[TrialRecord]) -> list[TrialRecord]:
    """Trials without those whose score is infinite."""
    return [trial for trial in trials if trial.value is None or math.isfinite(trial.value)]


def drawn_trials(
    trials: Sequence[TrialRecord], *, best: TrialRecord | None, most: int = MAX_DRAWN
) -> list[TrialRecord]:
    """At most so many evenly spaced trials, the best one among them."""
    if len(trials) <= most:
        return list(trials)
    indices = np.unique(np.linspace(0, len(trials) - 1, most).astype(int))
    chosen = {trials[index].number: trials[index] for index in indices}
    if best is not None and any(trial.number == best.number for trial in trials):
        chosen[best.number] = best
    return [chosen[number] for number in sorted(chosen)]
