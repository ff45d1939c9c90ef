"""Distortion of the training loss: squared error, mixed with SSIM and SSIMULACRA2."""

from typing import NamedTuple

from keras import ops

from core.models.base import PEAK, psnr_db
from core.models.bottleneck.config import BottleneckConfig
from core.models.bottleneck.structural_similarity import structural_similarity
from core.models.bottleneck.visual_similarity import ssimulacra2
from core.models.tensor import Tensor

#: MSE (0..255) that is weighted like an SSIM loss of 1. For a codec like this the ratio MSE /
#: (1 - SSIM) stays within 20 % of it from 0.25 to 1.5 bits per pixel.
SSIM_UNIT = 600.0

#: MSE that is weighted like the square of one point of SSIMULACRA2 below 100. The squared loss of
#: points falls with the rate about as MSE does: the ratio stays within 40 % of this from 0.15 to
#: 2.2 bits per pixel. The loss itself falls so slowly that the highest qualities would see nothing
#: else.
VISUAL_UNIT = 0.03

#: Stride of the SSIM's windows in training: each pixel is still in several windows, and computing
#: SSIM takes less than half of the time.
_TRAINING_STRIDE = 3


class Distortion(NamedTuple):
    """Distortion of each image, shape (batch,).

    Attributes:
        loss: Weighted mean of the distortions, in units of MSE (0..255).
        metrics: `psnr_db` and `ssim`, and both scores of SSIMULACRA2 where it has a share.
    """

    loss: Tensor
    metrics: dict[str, Tensor]


def distortion(
    images: Tensor, reconstructions: Tensor, config: BottleneckConfig, *, training: bool
) -> Distortion:
    """Distortion of each image with the shares that the configuration gives.

    It is computed in float32, whatever the networks compute in.

    Args:
        images: Floats in 0..255, shape (batch, height, width, 3).
        reconstructions: Likewise; neither clipped nor rounded here.
        config: Holds the shares.
        training: Whether SSIM is computed at fewer positions.
    """
    images, reconstructions = (ops.cast(x, "float32") for x in (images, reconstructions))
    stride = _TRAINING_STRIDE if training else 1
    ssim = structural_similarity(images, reconstructions, stride=stride)
    error = ops.mean(ops.square(images - reconstructions), axis=(1, 2, 3))
    loss = config.error_share * error + config.ssim_share * SSIM_UNIT * (1.0 - ssim)
    metrics = {"psnr_db": psnr_db(images, reconstructions / PEAK), "ssim": ssim}
    if config.visual_share:
        scores = ssimulacra2(images, reconstructions)
        published, aligned = (ops.square(100.0 - score) for score in scores)
        lost = published + config.aligned_share * (aligned - published)
        loss += config.visual_share * VISUAL_UNIT * lost
        metrics |= {"ssimulacra2": scores.published, "ssimulacra2_aligned": scores.aligned}
    return Distortion(loss, metrics)
