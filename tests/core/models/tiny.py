"""The learned codec's network in miniature, for tests that build or train it."""

import dataclasses

from core.models.bottleneck.config import BottleneckConfig

#: Every part of the network, with few channels; all else as by default.
MINIATURE = BottleneckConfig(
    learning_rate=1e-3,
    channels=32,
    width=8,
    deep_width=8,
    analysis_blocks=(1, 1),
    synthesis_blocks=(1, 1),
    entropy_width=16,
    side_channels=4,
    levels=3,
)
#: The same, to be trained for two short epochs.
TINY = dataclasses.replace(
    MINIATURE,
    learning_rate=2e-3,
    batch=8,
    epochs=2,
    ema_decay=0.5,
    epoch_images=16,
    validation_images=4,
)
