"""Configurations that lead from the thesis' layers, trained for rate, to the learned codec.

Each adds one thing to the one before and is trained on as many images as the model `ae20_rd`, with
the same weights of bits and errors. `core.analysis.ladder` compares them.
"""

import dataclasses

from core.models.bottleneck.config import COMPACT, BottleneckConfig

_HYPERPRIOR = BottleneckConfig(
    learning_rate=8e-4,
    batch=16,
    epochs=10,
    patience=10,
    epoch_images=2048,
    validation_images=96,
    channels=512,
    entropy_width=96,
    lowest_weight=0.0012,
    highest_weight=0.06,
    ssim_share=0.0,
    vector_lr_scale=2.0,
    thesis_filters=(32, 64, 128),
    context=False,
    lattice=False,
)
_CONTEXT = dataclasses.replace(_HYPERPRIOR, context=True)
_TRANSFORMS = dataclasses.replace(
    _CONTEXT,
    thesis_filters=(),
    learning_rate=COMPACT.learning_rate,
    vector_lr_scale=COMPACT.vector_lr_scale,
    channels=COMPACT.channels,
    analysis_slope=COMPACT.analysis_slope,
    synthesis_slope=COMPACT.synthesis_slope,
    centred_kernels=COMPACT.centred_kernels,
)

#: The configurations by name, in the order in which they follow each other.
LADDER = {
    "ladder_hyperprior": _HYPERPRIOR,
    "ladder_context": _CONTEXT,
    "ladder_transforms": _TRANSFORMS,
    "ladder_lattice": dataclasses.replace(_TRANSFORMS, lattice=True),
}
