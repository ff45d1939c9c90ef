"""Sizes of the learned codec's parts, from its configuration."""

from typing import TYPE_CHECKING

from core.models.entropy_networks import EntropyShape
from core.models.transforms import TransformShape

if TYPE_CHECKING:
    from core.models.bottleneck import BottleneckConfig


def transform_shape(config: "BottleneckConfig") -> TransformShape:
    """Sizes of analysis and synthesis."""
    return TransformShape(
        channels=config.channels,
        width=config.width,
        deep_width=config.deep_width,
        analysis_blocks=config.analysis_blocks,
        synthesis_blocks=config.synthesis_blocks,
        levels=config.levels,
        pace=config.pace,
        precision=config.precision,
    )


def entropy_shape(config: "BottleneckConfig") -> EntropyShape:
    """Sizes of the entropy networks."""
    return EntropyShape(
        channels=config.channels,
        width=config.entropy_width,
        side_channels=config.side_channels,
        levels=config.levels,
    )
