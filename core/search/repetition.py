"""Trials of a search trained again on another budget, and whether both budgets decide alike."""

import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from core.search.studies import (
    DATASET,
    ORIGIN,
    REPEATED_TRIAL,
    StudyRecord,
    TrialRecord,
    of_thesis,
)

#: Fewer trials are in the same order by chance.
LEAST_TRIALS = 4
#: Rank correlation from which an order counts as decided.
DECIDED = 0.9

#: Half of a normal distribution's 95 % interval, in standard errors.
_STANDARD_ERRORS = 1.96


class Interval(NamedTuple):
    """Bounds of a confidence interval of 95 %."""

    low: float
    high: float


class Pair(NamedTuple):
    """One choice of parameters under two budgets.

    Attributes:
        searched: The trial of the search.
        repeated: The trial that repeats it.
    """

    searched: TrialRecord
    repeated: TrialRecord


class LongerGain(NamedTuple):
    """What the best trial gains where it and the thesis' one were trained again.

    Attributes:
        images: Training images of that budget; None where it is not recorded.
        epochs: Its epochs; None as before.
        gain: Improvement of the score over that of the thesis' values; negative for a loss.
    """

    images: int | None
    epochs: int | None
    gain: float


@dataclass(frozen=True)
class Agreement:
    """How the order of trials on one budget agrees with that on another.

    Attributes:
        search: The study that was repeated.
        repetition: The study that repeats its trials on another budget.
        pairs: The trials that are complete in both, from the best by the repetition.
    """

    search: StudyRecord
    repetition: StudyRecord
    pairs: tuple[Pair, ...]

    @property
    def is_enough(self) -> bool:
        """Whether there are as many trials as a comparison needs."""
        return len(self.pairs) >= LEAST_TRIALS

    @cached_property
    def correlation(self) -> float | None:
        """Spearman's rank correlation of both scores; None where one of them is constant."""
        return _rank_correlation(
            [_score(pair.searched) for pair in self.pairs],
            [_score(pair.repeated) for pair in self.pairs],
        )

    @cached_property
    def interval(self) -> Interval | None:
        """95 % interval of the correlation, by Fisher's transformation.

        Its variance is that of ranks: Bonett and Wright, "Sample size requirements for estimating
        Pearson, Kendall and Spearman correlations", Psychometrika 65, 2000. None of too few trials,
        and where the order is the same or reversed, of which it says nothing.
        """
        if self.correlation is None or not self.is_enough or math.isclose(abs(self.correlation), 1):
            return None
        center = math.atanh(self.correlation)
        error = math.sqrt((1 + self.correlation**2 / 2) / (len(self.pairs) - 3))
        ends = (math.tanh(center + sign * _STANDARD_ERRORS * error) for sign in (-1, 1))
        return Interval(*ends)

    @cached_property
    def by_epoch(self) -> Mapping[int, float]:
        """Rank correlation of the PSNR after each epoch of the repetition with its score."""
        repeated = [pair.repeated for pair in self.pairs]
        epochs = sorted(set.intersection(*(set(trial.reports) for trial in repeated)))
        found = {
            epoch: _rank_correlation(
                [trial.reports[epoch] for trial in repeated],
                [_score(trial) for trial in repeated],
            )
            for epoch in epochs
        }
        return {epoch: value for epoch, value in found.items() if value is not None}

    @property
    def decided_from(self) -> int | None:
        """First epoch before the last one from which on the repetition's order hardly changes."""
        decided: int | None = None
        # After the last epoch the score is that PSNR and the SSIM.
        for epoch in sorted(self.by_epoch, reverse=True)[1:]:
            if self.by_epoch[epoch] < DECIDED:
                break
            decided = epoch
        return decided

    @property
    def same_best(self) -> int:
        """Most trials, at most half of all, that are the best on both budgets, in any order."""
        sign = -1.0 if self.search.is_maximized else 1.0
        searched = sorted(self.pairs, key=lambda pair: sign * _score(pair.searched))
        counts = range(len(self.pairs) // 2, 0, -1)
        equal = (count for count in counts if _are_same(searched[:count], self.pairs[:count]))
        return next(equal, 0)

    @property
    def chosen(self) -> Pair:
        """What the search decided for: its best trial among the pairs."""
        sign = 1.0 if self.search.is_maximized else -1.0
        return max(self.pairs, key=lambda pair: sign * _score(pair.searched))

    @property
    def thesis(self) -> Pair | None:
        """The trial with the thesis' values; None where it is not among the pairs."""
        return next((pair for pair in self.pairs if pair.searched.is_of_thesis), None)

    def pair_of(self, trial: TrialRecord) -> Pair | None:
        """The pair of a trial of the search; None where it has none."""
        return next((pair for pair in self.pairs if pair.searched.number == trial.number), None)

    def gain(self, pair: Pair, over: Pair) -> float:
        """By how much a pair is better than another one on the repetition's budget."""
        difference = _score(pair.repeated) - _score(over.repeated)
        return difference if self.repetition.is_maximized else -difference

    def search_gain(self, pair: Pair, over: Pair) -> float:
        """By how much it was better in the search."""
        difference = _score(pair.searched) - _score(over.searched)
        return difference if self.search.is_maximized else -difference

    @property
    def loss(self) -> float:
        """Score that the search's choice lacks to the best one, on the repetition's budget."""
        best = _score(self.pairs[0].repeated)
        return abs(best - _score(self.chosen.repeated))


def repeatable(study: StudyRecord) -> list[TrialRecord]:
    """Complete trials of a study in the order in which they are repeated.

    The best and the first one, which has the thesis' values, come before the others in the order
    of their numbers: the first of those were drawn at random.
    """

    def rank(trial: TrialRecord) -> tuple[bool, bool, int]:
        is_best = study.best is not None and trial.number == study.best.number
        return not is_best, ORIGIN not in trial.attributes, trial.number

    return sorted((trial for trial in study.trials if trial.state == "complete"), key=rank)


def agreements(studies: Iterable[StudyRecord]) -> list[Agreement]:
    """Agreement of each repetition with the study that it repeats, where that is among them.

    Trials on different data sets are no pairs: what differed would not be the budget alone.
    """
    by_name = {study.name: study for study in studies}
    return [
        _agreement(by_name[study.repeats], study)
        for study in by_name.values()
        if study.repeats in by_name
    ]


def _agreement(search: StudyRecord, repetition: StudyRecord) -> Agreement:
    is_same_data = search.attributes.get(DATASET) == repetition.attributes.get(DATASET)
    searched = {trial.number: trial for trial in search.finite if is_same_data}
    pairs = [
        Pair(found, trial)
        for trial in repetition.finite
        # The search may have been made anew since, also on other images.
        if (found := searched.get(trial.attributes.get(REPEATED_TRIAL, -1)))
        and found.params == trial.params
    ]
    sign = -1.0 if repetition.is_maximized else 1.0
    pairs.sort(key=lambda pair: sign * _score(pair.repeated))
    return Agreement(search, repetition, tuple(pairs))


def _are_same(first: Sequence[Pair], second: Sequence[Pair]) -> bool:
    return {pair.searched.number for pair in first} == {pair.searched.number for pair in second}


def _score(trial: TrialRecord) -> float:
    """Score of a complete trial."""
    return math.nan if trial.value is None else trial.value


def _rank_correlation(first: Sequence[float], second: Sequence[float]) -> float | None:
    if len(set(first)) < 2 or len(set(second)) < 2:
        return None
    import scipy.stats  # takes long; the pairs alone do without

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", scipy.stats.NearConstantInputWarning)
        return float(scipy.stats.spearmanr(first, second).statistic)


def longer_gain(study: StudyRecord, repeated: Iterable[Agreement]) -> LongerGain | None:
    """What a search's best trial gains over the thesis' one on the largest repeated budget.

    Args:
        study: The search.
        repeated: Its repetitions, and those of other searches.

    Returns:
        None where no repetition has both trials, or both are the same.
    """
    best, thesis = study.best, of_thesis(study)
    if best is None or thesis is None or best.number == thesis.number:
        return None
    gains = []
    for agreement in repeated:
        pairs = agreement.pair_of(best), agreement.pair_of(thesis)
        if agreement.search.name == study.name and pairs[0] is not None and pairs[1] is not None:
            budget = agreement.repetition.budget
            gain = agreement.gain(pairs[0], over=pairs[1])
            gains.append(LongerGain(budget.get("images"), budget.get("epochs"), gain))
    return max(gains, key=lambda found: (found.images or 0) * (found.epochs or 0), default=None)
