"""Converts the trained entropy model to integer arithmetic.

Weights are quantised to 16 bits with one power-of-two scale per output channel. Activations keep
the bounds that they were trained with, so their scales need no calibration images: 16 bits over
0..8 resolve about 0.0001, far finer than the spacing of the probability tables.
"""

import math
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from core.entropy.fixed_point import QUALITIES, IntegerConvolution, at_quality
from core.entropy.integer_model import (
    CONTEXT_BITS,
    GAIN_OCTAVES,
    MAX_ACTIVATION,
    MAX_SIGNED,
    OCTAVE_BITS,
    POWER_BITS,
    SIDE_LIMIT,
    SPATIAL_GAIN_BITS,
    SPATIAL_GAIN_LIMIT,
    STEPS,
    IntegerModel,
)
from core.entropy.lattice import LatticeValues
from core.entropy.tables import quantize_pmf
from core.entropy.value_tables import SCALES_PER_OCTAVE, Coset, ValueTables, entries_of
from core.models.bottleneck.entropy_model import EntropyModel
from core.models.bottleneck.entropy_networks import ACTIVATION_BOUND
from core.models.bottleneck.lattice import LATTICE_TABLE
from core.models.bottleneck.rate_model import MAX_SCALE, MIN_SCALE, symbol_probabilities
from core.models.tensor import Tensor

#: Fraction bits of the output of a clipped ReLU.
ACTIVATION_BITS = 16 - int(math.log2(ACTIVATION_BOUND))

#: Half-width of a table in standard deviations; values beyond it use the escape symbol.
_HALF_WIDTH = 7.0
_MIN_HALF_WIDTH = 3

_MAX_SHIFT = 40
_OCTAVE = 1 << OCTAVE_BITS


def integer_model(entropy: EntropyModel, *, synthesis_digest: bytes) -> IntegerModel:
    """Integer form of a trained entropy model.

    Args:
        entropy: The entropy model.
        synthesis_digest: sha256 of the synthesis network's file.

    Raises:
        ValueError: A network cannot be computed exactly.
    """
    width = entropy.hyper_synthesis.output.shape[-1]
    known, tables = [ACTIVATION_BITS] * width, value_tables()
    fused = known + [CONTEXT_BITS] * entropy.log_gains.channels
    used = None if entropy.shape.context else width
    model = IntegerModel(
        hyper_synthesis=_hidden(entropy.hyper_synthesis, "hyper_synthesis_first", [0]),
        context_fusion=tuple(
            _hidden(entropy.steps[step], f"step_{step}_mixed", fused, used=used)
            for step in range(1, STEPS)
        ),
        spatial_context=tuple(
            _hidden(entropy.steps[step], f"step_{step}_spatial", known) for step in range(STEPS)
        ),
        entropy_parameters=tuple(
            _entropy_parameters(entropy.steps[step], step) for step in range(STEPS)
        ),
        spatial_gain=_spatial_gain(entropy.spatial_gain),
        log2_gains=_octaves(entropy.log_gains),
        restored_log2_gains=_octaves(entropy.restored_log_gains),
        powers=np.rint(2.0 ** (POWER_BITS + np.arange(_OCTAVE) / _OCTAVE)).astype(np.int32),
        min_octaves=round(math.log2(MIN_SCALE) * _OCTAVE),
        side_tables=_side_tables(entropy),
        values=LatticeValues(tables, LATTICE_TABLE if entropy.shape.lattice else tables.count),
        synthesis_digest=np.frombuffer(synthesis_digest, np.uint8),
    )
    model.check()
    return model


def value_tables() -> ValueTables:
    """Probability tables of the latent's symbols, at log-spaced scales of the rate model."""
    count = round(math.log2(MAX_SCALE / MIN_SCALE) * SCALES_PER_OCTAVE) + 1
    scales = MIN_SCALE * 2.0 ** (np.arange(count) / SCALES_PER_OCTAVE)
    half_widths = np.maximum(_MIN_HALF_WIDTH, np.ceil(_HALF_WIDTH * scales)).astype(np.int32)
    entries: dict[Coset, list[NDArray[np.int32]]] = {Coset.EVEN: [], Coset.ODD: []}
    for half_width, scale in zip(half_widths, scales, strict=True):
        for coset, values in (
            (Coset.EVEN, np.arange(half_width + 1.0)),
            (Coset.ODD, np.arange(half_width) + 0.5),
        ):
            entries[coset].append(entries_of(coset, symbol_probabilities(values, scale)))
    return ValueTables(half_widths, *(np.concatenate(entries[coset]) for coset in entries))


def quantised(
    kernel: NDArray[np.floating[Any]],
    bias: NDArray[np.floating[Any]],
    *,
    input_bits: NDArray[np.int64],
    output_bits: NDArray[np.int64],
    lowest: int,
    highest: int,
) -> IntegerConvolution:
    """Integer form of a convolution.

    Args:
        kernel: Shape (size, size, inputs, outputs).
        bias: At the quality levels, shape (levels, outputs).
        input_bits: Fraction bits of each input.
        output_bits: Fraction bits of each output.
        lowest: Lower bound of the output, in its own units.
        highest: Upper bound of the output.

    Raises:
        ValueError: A weight is not finite.
    """
    if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
        raise ValueError("Weights must be finite; received NaN or infinity.")
    exponents = output_bits[np.newaxis, :] - input_bits[:, np.newaxis]
    scaled = np.ldexp(kernel.astype(np.float64), exponents.astype(np.int32))
    largest = np.maximum(np.abs(scaled).max(axis=(0, 1, 2)), 2.0**-_MAX_SHIFT)
    shift = np.floor(np.log2(MAX_SIGNED / largest)).astype(np.int32)
    shift = np.minimum(shift, _MAX_SHIFT - output_bits).astype(np.int32)
    half = np.ldexp(0.5, shift).astype(np.int64)
    biases = np.ldexp(bias.astype(np.float64), (output_bits + shift).astype(np.int32))
    return IntegerConvolution(
        kernel=np.rint(np.ldexp(scaled, shift)).astype(np.int16),
        bias=np.rint(biases).astype(np.int64) + half,
        shift=shift.astype(np.int8),
        lowest=lowest,
        highest=highest,
    )


def _hidden(
    network: keras.Model, name: str, input_bits: list[int], *, used: int | None = None
) -> IntegerConvolution:
    """Integer form of a hidden layer; inputs from number `used` on were zero in training."""
    kernel = _array(network.get_layer(name).kernel)
    kernel[:, :, used if used is not None else kernel.shape[2] :] = 0.0
    bias = _array(network.get_layer(f"{name}_bias").table)
    bits = np.broadcast_to(np.array(input_bits), (kernel.shape[2],))
    return quantised(
        kernel,
        bias,
        input_bits=bits,
        output_bits=np.full(kernel.shape[3], ACTIVATION_BITS),
        lowest=0,
        highest=MAX_ACTIVATION,
    )


def _entropy_parameters(network: keras.Model, step: int) -> IntegerConvolution:
    """Output layer for means in standard deviations and log2 scales instead of natural logs."""
    layer = network.get_layer(f"step_{step}_prediction")
    kernel, bias = _array(layer.kernel), _array(layer.bias)
    channels = kernel.shape[3] // 2
    units = np.repeat([1.0, 1.0 / math.log(2.0)], channels)
    return quantised(
        kernel * units,
        (bias * units)[np.newaxis],
        input_bits=np.full(kernel.shape[2], ACTIVATION_BITS),
        output_bits=np.repeat([CONTEXT_BITS, OCTAVE_BITS], channels),
        lowest=-MAX_SIGNED,
        highest=MAX_SIGNED,
    )


def _spatial_gain(network: keras.Model) -> IntegerConvolution:
    """The spatial gain's layer with log2 gains instead of natural logs."""
    layer = network.get_layer("modulation")
    kernel, bias = _array(layer.kernel), _array(layer.bias)
    return quantised(
        kernel / math.log(2.0),
        bias[np.newaxis] / math.log(2.0),
        input_bits=np.full(kernel.shape[2], ACTIVATION_BITS),
        output_bits=np.full(kernel.shape[3], SPATIAL_GAIN_BITS),
        lowest=-SPATIAL_GAIN_LIMIT,
        highest=SPATIAL_GAIN_LIMIT,
    )


def _octaves(table: Any) -> NDArray[np.int32]:
    octaves = np.rint(_array(table.table) * (_OCTAVE / math.log(2.0)))
    most = GAIN_OCTAVES * _OCTAVE
    return np.clip(octaves, -most, most).astype(np.int32)


def _side_tables(entropy: EntropyModel) -> NDArray[np.int32]:
    """Side information's tables by quality and channel; means shift the tables, not the symbols."""
    symbols = np.arange(-SIDE_LIMIT, SIDE_LIMIT + 1)
    unit = 2**20
    means = np.rint(_array(entropy.side_means.table) * unit).astype(np.int64)
    logs = np.rint(_array(entropy.side_log_scales.table) * unit).astype(np.int64)
    tables = []
    for quality in range(1, QUALITIES + 1):
        mean = at_quality(means, quality) / unit
        scale = np.exp(at_quality(logs, quality) / unit)
        scale = np.clip(scale, MIN_SCALE, MAX_SCALE)
        found = symbol_probabilities(symbols[:, np.newaxis] - mean, scale)
        tables.append([quantize_pmf(np.rint(column * 2**32)) for column in found.T])
    return np.array(tables, dtype=np.int32)


def _array(variable: Tensor) -> NDArray[np.float64]:
    return np.asarray(variable).astype(np.float64)
