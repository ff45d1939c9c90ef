"""Brings codecs to the same size or quality."""

from collections.abc import Sequence

import streamlit as st

from core.codecs import get_codec
from core.evaluation.comparison import Choice, Goal, Reconstruction, goal_like
from core.metrics import metrics
from dashboard.views.compare.goal_picker import Wish
from dashboard.views.compare.image import ChosenImage
from dashboard.views.compare.reconstructions import (
    MOST_PIXELS_FOR_SLOW_METRICS,
    Show,
    chosen_metrics,
    failed,
    reconstructions,
    wanted,
)
from dashboard.widgets.reconstruction_cards import plain

NO_DIAL = "A lossless codec has no quality setting, so it cannot reach a target."
NEEDS_SLOW = (
    "A search for equal {label} measures each codec about ten times, which takes too long for "
    "this image of {megapixels:.1f} megapixels; the limit is {most:g}."
)


def bring_to_goal(
    image: ChosenImage, choices: Sequence[Choice], wish: Wish, *, slow: bool, show: Show
) -> list[Reconstruction]:
    """Reconstruction of each codec, at the same size or quality if the user asks for it.

    Args:
        image: Image to encode.
        choices: The codecs with their settings.
        wish: What is to be equal.
        slow: Whether to measure also what takes seconds per megapixel.
        show: As `reconstructions` takes it.
    """
    names = chosen_metrics(slow=slow)
    if wish.is_as_set or not choices:
        asked = [wanted(choice, goal=None, metric_names=names) for choice in choices]
        return reconstructions(image, asked, show=show)
    goal = _find_goal(image, choices, wish, names=names, show=show)
    if isinstance(goal, str):
        return [failed(choice, goal) for choice in choices]
    able = [
        wanted(choice, goal=_own_goal(choice, wish, goal), metric_names=names)
        for choice in choices
        if get_codec(choice.codec).dial is not None
    ]
    found = iter(reconstructions(image, able, show=show))
    return [
        failed(choice, NO_DIAL) if get_codec(choice.codec).dial is None else next(found)
        for choice in choices
    ]


def _own_goal(choice: Choice, wish: Wish, goal: Goal) -> Goal | None:
    return None if choice.codec == wish.reference else goal


def _find_goal(
    image: ChosenImage,
    choices: Sequence[Choice],
    wish: Wish,
    *,
    names: tuple[str, ...],
    show: Show,
) -> Goal | str:
    """The common target of all codecs, or a sentence on why there is none."""
    if _is_too_slow(image, wish):
        return NEEDS_SLOW.format(
            label=metrics()[wish.mode].LABEL,
            megapixels=image.pixel_count / 1e6,
            most=MOST_PIXELS_FOR_SLOW_METRICS / 1e6,
        )
    if wish.reference is None:
        return Goal(wish.mode, wish.target(image.pixel_count))
    reference = next(choice for choice in choices if choice.codec == wish.reference)
    asked = [wanted(reference, goal=None, metric_names=names)]
    try:
        return goal_like(reconstructions(image, asked, show=show)[0], wish.mode)
    except ValueError as error:
        st.warning(plain(str(error)), icon=":material/block:")
        return str(error)


def _is_too_slow(image: ChosenImage, wish: Wish) -> bool:
    """Whether a search by this metric would take minutes on this image."""
    metric = metrics().get(wish.mode)
    is_large = image.pixel_count > MOST_PIXELS_FOR_SLOW_METRICS
    return metric is not None and metric.ON_SUBSET_ONLY and is_large
