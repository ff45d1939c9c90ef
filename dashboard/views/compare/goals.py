"""Reconstructions of codecs at equal size or quality."""

from collections.abc import Sequence

import streamlit as st

from core.codecs import get_codec
from core.evaluation.comparison import CodecConfig, Goal, Reconstruction, goal_like
from core.metrics import metrics
from dashboard.data.reconstructions import Show, failed, reconstructions, wanted
from dashboard.views.compare.goal_picker import TargetSelection
from dashboard.views.compare.image import ChosenImage
from dashboard.views.compare.slow_metrics import MAX_PIXELS_FOR_SLOW_METRICS, chosen_metrics
from dashboard.widgets.reconstruction_cards import plain

NO_DIAL = "A lossless codec has no quality setting, so it cannot reach a target."
NEEDS_SLOW = (
    "A search for equal {label} measures each codec about ten times, which takes too long for "
    "this image of {megapixels:.1f} megapixels; the limit is {most:g}."
)


def bring_to_goal(
    image: ChosenImage,
    configs: Sequence[CodecConfig],
    wanted_target: TargetSelection,
    *,
    slow: bool,
    show: Show,
) -> list[Reconstruction]:
    """Reconstruction of each codec, at the same size or quality if the user asks for it.

    Args:
        image: Image to encode.
        configs: The codecs with their settings.
        wanted_target: The quantity that is equal, and its target.
        slow: Whether to measure also what takes seconds per megapixel.
        show: As `reconstructions` takes it.
    """
    names = chosen_metrics(slow=slow)
    if wanted_target.is_as_set or not configs:
        asked = [wanted(config, goal=None, metric_names=names) for config in configs]
        return reconstructions(image, asked, show=show)
    goal = _find_goal(image, configs, wanted_target, names=names, show=show)
    if isinstance(goal, str):
        return [failed(config, goal) for config in configs]
    able = [
        wanted(config, goal=_own_goal(config, wanted_target, goal), metric_names=names)
        for config in configs
        if get_codec(config.codec).dial is not None
    ]
    found = iter(reconstructions(image, able, show=show))
    return [
        failed(config, NO_DIAL) if get_codec(config.codec).dial is None else next(found)
        for config in configs
    ]


def _own_goal(config: CodecConfig, wanted_target: TargetSelection, goal: Goal) -> Goal | None:
    return None if config.codec == wanted_target.reference else goal


def _find_goal(
    image: ChosenImage,
    configs: Sequence[CodecConfig],
    wanted_target: TargetSelection,
    *,
    names: tuple[str, ...],
    show: Show,
) -> Goal | str:
    """The common target of all codecs, or a sentence on why there is none."""
    if _is_too_slow(image, wanted_target):
        return NEEDS_SLOW.format(
            label=metrics()[wanted_target.mode].LABEL,
            megapixels=image.pixel_count / 1e6,
            most=MAX_PIXELS_FOR_SLOW_METRICS / 1e6,
        )
    if wanted_target.reference is None:
        return Goal(wanted_target.mode, wanted_target.target(image.pixel_count))
    reference = next(config for config in configs if config.codec == wanted_target.reference)
    asked = [wanted(reference, goal=None, metric_names=names)]
    try:
        return goal_like(reconstructions(image, asked, show=show)[0], wanted_target.mode)
    except ValueError as error:
        st.warning(plain(str(error)), icon=":material/block:")
        return str(error)


def _is_too_slow(image: ChosenImage, wanted_target: TargetSelection) -> bool:
    """Whether a search by this metric would take minutes on this image."""
    metric = metrics().get(wanted_target.mode)
    is_large = image.pixel_count > MAX_PIXELS_FOR_SLOW_METRICS
    return metric is not None and metric.ON_SUBSET_ONLY and is_large
