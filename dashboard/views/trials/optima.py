"""The optima of the searches compared with the thesis' parameters."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from core.plain_english import counted
from core.search.published import PublishedModel
from core.search.repetition import Agreement, LongerGain, longer_gain
from core.search.studies import FILTERS, PSNR, SSIM, THESIS, StudyRecord, TrialRecord, of_thesis
from dashboard.views.trials.parameters import parameter_title

#: Parameters that each filter count of a network is searched under.
_FILTERS_PREFIX = "filters_"
_PUBLISHED = "with the published model's values"


class Optimum(NamedTuple):
    """The best trial of a study beside the trial with the thesis' values.

    Attributes:
        study: Name of the study.
        best: Best complete trial; None where none is complete.
        thesis: Trial with the thesis' values; None where it was not run.
        thesis_params: The thesis' values, also where no trial has run with them.
        trials: Number of finished trials.
        is_maximized: Whether a higher score is better.
        longer: Gain on the largest budget on which both trials were repeated; None where none was.
    """

    study: str
    best: TrialRecord | None
    thesis: TrialRecord | None
    thesis_params: Mapping[str, Any]
    trials: int
    is_maximized: bool
    longer: LongerGain | None = None

    @property
    def gain(self) -> float | None:
        """Improvement of the best score over that of the thesis' parameters."""
        if self.best is None or self.thesis is None:
            return None
        if self.best.value is None or self.thesis.value is None:
            return None
        if self.best.number == self.thesis.number:
            return 0.0
        difference = self.best.value - self.thesis.value
        return difference if self.is_maximized else -difference


def optima(studies: Iterable[StudyRecord], repeated: Sequence[Agreement] = ()) -> list[Optimum]:
    """Optimum of each study that has one objective.

    Args:
        studies: The searches.
        repeated: Repetitions of their trials on other budgets.
    """
    return [
        _optimum(study, [found for found in repeated if found.search.name == study.name])
        for study in studies
        if len(study.directions) == 1
    ]


def front_sentence(study: StudyRecord, published: Sequence[PublishedModel]) -> str:
    """How many trials are on the front of a study of several objectives, and if ours are.

    Args:
        study: The study.
        published: The published models of the search.
    """
    names = " and ".join(study.objectives)
    counts = f"{len(study.front)} of {len(study.finite)} complete trials"
    sentence = f"**{counts}** are on the front of {names}."
    return " ".join([sentence, *(_published_sentence(study, model) for model in published)])


def optima_table(found: Sequence[Optimum], labels: Mapping[str, str]) -> pd.DataFrame:
    """One row per study: what was found, what the thesis chose, and both scores.

    Args:
        found: Optima.
        labels: Display label by study.
    """
    rows = []
    for optimum in found:
        thesis_params = optimum.thesis.params if optimum.thesis else optimum.thesis_params
        rows.append(
            {
                "model": labels.get(optimum.study, optimum.study),
                **_columns("best", optimum.best, optimum.best.params if optimum.best else {}),
                **_columns("thesis", optimum.thesis, thesis_params),
                "score_gain": optimum.gain,
                **_longer_columns(optimum.longer),
            }
        )
    return pd.DataFrame(rows)


def verdict(found: Sequence[Optimum], labels: Mapping[str, str]) -> str:
    """In one sentence of Markdown, whether the searches found better values than the thesis."""
    judged = [optimum for optimum in found if optimum.gain is not None]
    if not judged:
        return ""
    better = [optimum for optimum in judged if (optimum.gain or 0.0) > 0]
    lost = [o for o in better if o.longer is not None and o.longer.gain <= 0]
    kept = [optimum for optimum in better if optimum not in lost]
    equal = [optimum for optimum in judged if optimum not in better]
    parts = []
    if kept:
        gains = _list(
            [f"{_name(o, labels)} by **{_signed(o.gain)}**{_in_brackets(o)}" for o in kept]
        )
        parts.append(f"the search beat the thesis' values for {gains}")
    parts += [
        f"for {_name(o, labels)} the search's gain of **{_signed(o.gain)}** did not "
        f"last{_in_brackets(o)}"
        for o in lost
    ]
    if equal:
        names = _list([f"{_name(o, labels)}" for o in equal])
        *fewer, most = sorted({o.trials for o in equal})
        trials = _list([*map(str, fewer), counted(most, "trial")])
        parts.append(f"for {names} **nothing better was found** in {trials}")
    sentence = "; ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}."


def cell(params: Mapping[str, Any], trial: TrialRecord | None) -> str:
    """Parameters and score as one cell of a Markdown table."""
    if not params and trial is None:
        return "not run"
    lines = [_params_text(params, trial)]
    if trial is None:
        lines.append("not run yet")
    elif trial.value is None:
        lines.append(f"{trial.state}, no score (trial {trial.number})")
    else:
        lines.append(f"score **{_score(trial.value)}** (trial {trial.number})")
    return " · ".join(filter(None, lines))


def gain_text(optimum: Optimum) -> str:
    """The gain, formatted for display."""
    if optimum.gain is None:
        return "not known"
    found = _signed(optimum.gain) if optimum.gain > 0 else "nothing better found"
    return found if optimum.longer is None else f"{found} · {longer_text(optimum.longer)}"


def longer_text(longer: LongerGain) -> str:
    """The gain on a larger budget, with that budget."""
    images = "other images" if longer.images is None else counted(longer.images, "image")
    epochs = "" if longer.epochs is None else f" for {counted(longer.epochs, 'epoch')}"
    return f"trained on {images}{epochs}: **{signed_score(longer.gain)}**"


def signed_score(difference: float) -> str:
    """A difference of scores with its sign."""
    return f"{difference:+.2f}"


def _published_sentence(study: StudyRecord, model: PublishedModel) -> str:
    """Whether the trial with a published model's values is on the front of its study."""
    if model.trial is None:
        return "No trial has the published model's values."
    found = "is one" if model.trial in study.front else "is not one"
    who = f"trained in full as {model.name}" if model.is_of_trial else _PUBLISHED
    return f"Trial {model.trial.number}, {who}, {found} of them."


def _optimum(study: StudyRecord, repeated: Sequence[Agreement]) -> Optimum:
    thesis, origin = study.attributes.get(THESIS), of_thesis(study)
    return Optimum(
        study=study.name,
        best=study.best,
        thesis=origin,
        longer=longer_gain(study, repeated),
        thesis_params=thesis if isinstance(thesis, Mapping) else {},
        trials=study.counts["complete"] + study.counts["pruned"],
        is_maximized=study.is_maximized,
    )


def _longer_columns(longer: LongerGain | None) -> dict[str, Any]:
    return {
        "longer_images": longer and longer.images,
        "longer_epochs": longer and longer.epochs,
        "longer_score_gain": longer and longer.gain,
    }


def _in_brackets(optimum: Optimum) -> str:
    return "" if optimum.longer is None else f" ({longer_text(optimum.longer)})"


def _columns(prefix: str, trial: TrialRecord | None, params: Mapping[str, Any]) -> dict[str, Any]:
    noted = trial.attributes if trial else {}
    return {
        f"{prefix}_trial": None if trial is None else trial.number,
        f"{prefix}_filters": _filters(params, noted),
        f"{prefix}_activation": params.get("activation"),
        f"{prefix}_learning_rate": params.get("learning_rate"),
        f"{prefix}_score": None if trial is None else trial.value,
        f"{prefix}_psnr_db": noted.get(PSNR),
        f"{prefix}_ssim": noted.get(SSIM),
    }


def _filters(params: Mapping[str, Any], noted: Mapping[str, Any]) -> str:
    """Filters of each layer, in order."""
    found = noted.get(FILTERS)
    if not isinstance(found, list | tuple):
        found = [value for name, value in sorted(params.items()) if _is_filter(name)]
    return ", ".join(map(str, found))


def _params_text(params: Mapping[str, Any], trial: TrialRecord | None) -> str:
    filters = _filters(params, trial.attributes if trial else {})
    parts = [f"filters {filters}"] if filters else []
    for name, value in params.items():
        if not _is_filter(name):
            text = f"{value:.3g}" if isinstance(value, float) else str(value).replace("_", " ")
            parts.append(
                text if name == "activation" else f"{parameter_title(name).lower()} {text}"
            )
    return " · ".join(parts)


def _is_filter(name: str) -> bool:
    return name.startswith(_FILTERS_PREFIX)


def _name(optimum: Optimum, labels: Mapping[str, str]) -> str:
    return labels.get(optimum.study, optimum.study)


def _signed(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return "∞" if value is not None and value > 0 else "0"
    return f"+{value:.2f}"


def _score(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else "∞" if value > 0 else "-∞"


def _list(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
