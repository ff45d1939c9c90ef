"""Files of the learned codec besides its transforms, and the overhead of integer arithmetic."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from core.entropy.bitstream import MIN_HEADER_BYTES
from core.entropy.fixed_point import QUALITIES
from core.entropy.integer_model import IntegerModel
from core.entropy.latent_coding import LatentCoder
from core.models.bottleneck.entropy_model import EntropyModel
from core.models.bottleneck.entropy_networks import CONTEXT_BOUND
from core.models.bottleneck.integer_export import integer_model
from core.models.bottleneck.karhunen_loeve import BLOCK
from core.models.bottleneck.thesis_transforms import ThesisTransforms
from core.models.bottleneck.transforms import PlaneLevels, ResidualTransforms
from core.models.quality_levels import level_weights
from core.models.tensor import Tensor
from core.models.training.onnx_export import export_network, to_float16

INTEGERS = "entropy.npz"

Transforms = ResidualTransforms | ThesisTransforms

#: Qualities and number of validation images at which integer and float model are compared.
COMPARED_QUALITIES = (1, 15, 30, 45, 60, 75, 90, 100)
_COMPARED_IMAGES = 128
_BATCH = 16
#: Header bits of a file at the size of the data set, the same in both models.
_HEADER_BITS = 8 * MIN_HEADER_BYTES


class Cost(NamedTuple):
    """Bits of the same latents, headers included.

    Attributes:
        estimated: Estimate of the float model.
        written: Size of the integer model's files.
        channel_bits: Estimated mean bits per value of each channel of the latent.
    """

    estimated: float
    written: float
    channel_bits: NDArray[np.float64]

    @property
    def percent(self) -> float:
        """Relative difference between written and estimated bits."""
        return 100.0 * (self.written / self.estimated - 1.0)


def companions(entropy: EntropyModel, *, synthesis_digest: bytes) -> dict[str, bytes]:
    """Files of a trained entropy model.

    Args:
        entropy: The entropy model.
        synthesis_digest: sha256 of the synthesis network's file.
    """
    model = integer_model(entropy, synthesis_digest=synthesis_digest)
    return {
        "hyper_analysis.onnx": to_float16(export_network(quality_aware_hyper_analysis(entropy))),
        INTEGERS: model.to_bytes(),
    }


def quality_aware_hyper_analysis(entropy: EntropyModel) -> keras.Model:
    """The hyper-analysis with the quality as a last plane of the latents, in 0..1."""
    channels = entropy.log_gains.channels
    planes = keras.Input((None, None, channels + 1), name="hyper_planes")
    levels = PlaneLevels(entropy.log_gains.levels, name="hyper_plane_levels")(planes)
    latents = ops.clip(planes[..., :channels], -CONTEXT_BOUND, CONTEXT_BOUND)
    side = entropy.hyper_analysis([latents, levels])
    return keras.Model(planes, side, name="quality_aware_hyper_analysis")


def card_facts(
    transforms: Transforms,
    entropy: EntropyModel,
    files: Mapping[str, bytes],
    images: NDArray[np.uint8],
) -> dict[str, Any]:
    """Entries of the model card.

    Args:
        transforms: The model's transforms, trained.
        entropy: Its entropy model, trained.
        files: Its exported files.
        images: Validation images.
    """
    rows, columns = (side // BLOCK for side in images.shape[1:3])
    integers = IntegerModel.from_bytes(files[INTEGERS])
    compared = images[:: -(-len(images) // _COMPARED_IMAGES)]
    costs = compare(transforms.analysis, entropy, integers, np.asarray(compared))
    return {
        # Without the quality plane.
        "latent": [rows, columns, entropy.shape.channels],
        "channel_bits": {
            str(quality): [round(float(bits), 4) for bits in cost.channel_bits]
            for quality, cost in costs.items()
        },
        "receptive_field": dict(transforms.receptive_field()),
        "integer_path": {
            "images": len(compared),
            "rate_cost_percent": float(np.mean([cost.percent for cost in costs.values()])),
            "rate_cost_percent_by_quality": {str(q): costs[q].percent for q in costs},
            "largest_sum_bits": round(math.log2(integers.max_sum()), 1),
        },
    }


def compare(
    analysis: keras.Model,
    entropy: EntropyModel,
    integers: IntegerModel,
    images: NDArray[np.uint8],
) -> dict[int, Cost]:
    """Rates of the images' latents at each of the compared qualities."""
    batches = [images[start : start + _BATCH] for start in range(0, len(images), _BATCH)]
    latents = [analysis(batch)[..., : entropy.log_gains.channels] for batch in batches]
    found = {}
    for quality in COMPARED_QUALITIES:
        coder = LatentCoder(integers, quality)
        costs = [_cost(entropy, coder, quality, batch) for batch in latents]
        sizes = [len(batch) for batch in latents]
        found[quality] = Cost(
            estimated=sum(cost.estimated for cost in costs),
            written=sum(cost.written for cost in costs),
            channel_bits=np.average([cost.channel_bits for cost in costs], axis=0, weights=sizes),
        )
    return found


def _cost(entropy: EntropyModel, coder: LatentCoder, quality: int, latents: Tensor) -> Cost:
    place = np.full(len(latents), (quality - 1) / (QUALITIES - 1), np.float32)
    levels = level_weights(ops.convert_to_tensor(place), entropy.log_gains.levels)
    bounded = ops.clip(latents, -CONTEXT_BOUND, CONTEXT_BOUND)
    side = ops.convert_to_numpy(entropy.hyper_analysis([bounded, levels]))
    coded = entropy(latents, levels)
    estimated = ops.convert_to_numpy(coded.bits)
    pairs = zip(ops.convert_to_numpy(latents), side, strict=True)
    written = sum(8 * len(coder.encode(*pair).payload) for pair in pairs)
    headers = _HEADER_BITS * len(side)
    channel_bits = ops.convert_to_numpy(coded.symbol_bits).mean(axis=(0, 1, 2), dtype=np.float64)
    return Cost(float(estimated.sum()) + headers, float(written + headers), channel_bits)
