"""Gradient of the synthesis' squared error, as a network that is exported with the model.

An encoder that refines latents needs the gradient without TensorFlow. All convolutions of the
synthesis have stride 1, so its vector-Jacobian product is a network of convolutions with mirrored
and transposed kernels, masked where the rectifiers were negative.
"""

from typing import Any, NamedTuple

import keras
from keras import layers, ops

from core.codecs.bottleneck import REFINEMENT
from core.models.base import PEAK
from core.models.bottleneck.karhunen_loeve import BLOCK, depth_to_space, space_to_depth
from core.models.bottleneck.transforms import PATCH, PIXEL_UNIT, TransformShape
from core.models.quality_levels import level_weights
from core.models.tensor import Tensor
from core.models.training.onnx_export import export_network, share_transposed_kernels, to_float16


class _Activations(NamedTuple):
    """Inputs of the two rectifiers of a residual block."""

    inner: Tensor
    middle: Tensor


class SynthesisGradient(layers.Layer):  # type: ignore[misc]
    """Sum of squared errors of a decoded image, and its gradient with respect to the latents.

    Args:
        synthesis: The synthesis, as `core.models.bottleneck.transforms.make_synthesis` builds it.
        shape: Its sizes.
    """

    def __init__(self, synthesis: keras.Model, shape: TransformShape, **options: Any) -> None:
        super().__init__(**options)
        self.synthesis = synthesis
        self.shape = shape
        deep, fine = shape.synthesis_blocks[1], shape.synthesis_blocks[0]
        self.deep = [f"synthesis_deep_{index}" for index in range(deep)]
        self.fine = [f"synthesis_fine_{index}" for index in range(fine)]
        self.built = True

    def call(self, planes: Tensor) -> Tensor:
        """Gradient, and as a last plane the squared error of each block.

        The error is that of the decoder's bytes; the gradient that of its pixels before rounding.

        Args:
            planes: Decoded latents, the quality in 0..1, and the original's blocks in 0..255
                (`space_to_depth`), as planes of one map. Negative numbers in place of a pixel say
                that its error does not count, because it is padding.
        """
        channels = self.shape.channels
        latents, target = planes[..., :channels], planes[..., channels + 1 :]
        levels = level_weights(planes[:, 0, 0, channels], self.shape.levels)
        values, deep = self._forward(self._layer("first")(latents), self.deep, levels)
        values = depth_to_space(self._layer("up")(values), BLOCK // PATCH)
        values, fine = self._forward(values, self.fine, levels)
        correction = PIXEL_UNIT * depth_to_space(self._layer("last")(values), PATCH)
        transform = self.synthesis.get_layer("block_synthesis")
        images = space_to_depth(transform(latents) + correction, BLOCK)
        counts = target >= 0.0
        errors = ops.where(counts, ops.round(ops.clip(images, 0.0, PEAK)) - target, 0.0)
        # Pixels that the decoder clips do not react.
        reacts = ops.logical_and(images > 0.0, images < PEAK)
        slopes = ops.where(ops.logical_and(counts, reacts), 2.0 * (images - target), 0.0)
        pixels = depth_to_space(slopes, BLOCK)
        gradient = self._backward(pixels, deep, fine) + transform.transposed(pixels)
        squares = ops.sum(ops.square(errors), axis=-1, keepdims=True)
        return ops.concatenate([gradient, squares], axis=-1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of the gradient and the errors."""
        return (*input_shape[:-1], self.shape.channels + 1)

    def _forward(
        self, values: Tensor, blocks: list[str], levels: Tensor
    ) -> tuple[Tensor, list[_Activations]]:
        """Output of residual blocks, and what their rectifiers saw."""
        seen = []
        for block in blocks:
            part = self._part(block)
            inner = part("in")(values) + part("quality")(levels)
            middle = part("middle")(part("relu_in")(inner))
            values = values + part("out")(part("relu_middle")(middle))
            seen.append(_Activations(inner, middle))
        return values, seen

    def _backward(
        self, slopes: Tensor, deep: list[_Activations], fine: list[_Activations]
    ) -> Tensor:
        """Gradient through the branch of convolutions, from that of the pixels."""
        values = _transposed(PIXEL_UNIT * space_to_depth(slopes, PATCH), self._layer("last"))
        values = self._backward_blocks(values, self.fine, fine)
        values = _transposed(space_to_depth(values, BLOCK // PATCH), self._layer("up"))
        values = self._backward_blocks(values, self.deep, deep)
        return _transposed(values, self._layer("first"))

    def _backward_blocks(
        self, values: Tensor, blocks: list[str], seen: list[_Activations]
    ) -> Tensor:
        for block, activations in zip(reversed(blocks), reversed(seen), strict=True):
            part = self._part(block)
            middle = self._rectified(_transposed(values, part("out")), activations.middle)
            inner = self._rectified(_transposed(middle, part("middle")), activations.inner)
            values = values + _transposed(inner, part("in"))
        return values

    def _rectified(self, slopes: Tensor, activations: Tensor) -> Tensor:
        return ops.where(activations > 0.0, slopes, self.shape.synthesis_slope * slopes)

    def _layer(self, name: str) -> layers.Layer:
        return self.synthesis.get_layer(f"synthesis_{name}")

    def _part(self, block: str) -> Any:
        return lambda name: self.synthesis.get_layer(f"{block}_{name}")


def make_refinement(synthesis: keras.Model, shape: TransformShape) -> keras.Model:
    """Network from latents, quality and target to the gradient, see `SynthesisGradient`."""
    planes = keras.Input((None, None, shape.channels + 1 + 3 * BLOCK**2), name="planes")
    gradient = SynthesisGradient(synthesis, shape, name="synthesis_gradient")(planes)
    return keras.Model(planes, gradient, name="refinement")


def refinement_file(synthesis: keras.Model, shape: TransformShape) -> dict[str, bytes]:
    """ONNX file of the network by its name."""
    exported = export_network(make_refinement(synthesis, shape))
    return {REFINEMENT: to_float16(share_transposed_kernels(exported))}


def _transposed(values: Tensor, convolution: layers.Conv2D) -> Tensor:
    """Transposed convolution of stride 1: kernels of odd size, edges padded with zeros."""
    kernel = ops.transpose(ops.flip(convolution.kernel, axis=(0, 1)), (0, 1, 3, 2))
    return ops.conv(values, kernel, padding="same")
