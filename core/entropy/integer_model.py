"""All of a trained model that decides a bit, as integers in one file.

The sha256 of the file identifies the model: the same file decodes the same symbols everywhere.
"""

import hashlib
import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.entropy.fixed_point import QUALITIES, IntegerConvolution
from core.entropy.lattice import LatticeValues
from core.entropy.tables import PRECISION_BITS
from core.entropy.value_tables import ValueTables

#: Coding steps, and the rows and columns of latent positions in a cell (see `coding_order`).
STEPS = 4
CELL = 2

#: Side information lies in -SIDE_LIMIT..SIDE_LIMIT.
SIDE_LIMIT = 31

#: Output of a clipped ReLU: 16 bits, unsigned. Contexts and entropy parameters: 16 bits, signed.
MAX_ACTIVATION = 2**16 - 1
MAX_SIGNED = 2**15 - 1

#: Fraction bits of contexts and of predicted means, both in standard deviations of a channel.
CONTEXT_BITS = 12
#: Fraction bits of what is measured in octaves: gains and scales.
OCTAVE_BITS = 11
#: Gains lie in 2**-GAIN_OCTAVES..2**GAIN_OCTAVES quantiser steps per standard deviation.
GAIN_OCTAVES = 12
#: Fraction bits of a position's spatial gain, in octaves, and its largest absolute value.
SPATIAL_GAIN_BITS = 3
SPATIAL_GAIN_LIMIT = 2 << SPATIAL_GAIN_BITS
#: Fraction bits of the mantissas in `IntegerModel.powers`.
POWER_BITS = 16

_LAYOUT = 4


@dataclass(frozen=True)
class IntegerModel:
    """Networks, gains and tables.

    Attributes:
        hyper_synthesis: From side information to the first step's features.
        context_fusion: From features and the step before to one map, of every step but the first.
        spatial_context: To the features of each step.
        entropy_parameters: From features to means and to logarithms of scales, of each step.
        spatial_gain: From the first step's features to octaves by which the quantiser steps of each
            position of a cell are finer, in units of 2**-SPATIAL_GAIN_BITS.
        log2_gains: int32, shape (levels, channels): octaves of 1 / quantiser step, in units of
            2**-OCTAVE_BITS, at the quality levels.
        restored_log2_gains: The same for the way back to the latent.
        powers: int32, shape (2**OCTAVE_BITS,): 2**(POWER_BITS + i / 2**OCTAVE_BITS).
        min_octaves: Logarithm of the scale of the first value table, in the same units.
        side_tables: int32, shape (QUALITIES, side channels, 2 * SIDE_LIMIT + 1).
        values: Tables of the latent's symbols, and from which of them on the lattice is used.
        synthesis_digest: sha256 of the synthesis, as 32 numbers: other pixels, another model.
        digest: sha256 of the file that the model was read from; empty where it was not read.
    """

    hyper_synthesis: IntegerConvolution
    context_fusion: tuple[IntegerConvolution, ...]
    spatial_context: tuple[IntegerConvolution, ...]
    entropy_parameters: tuple[IntegerConvolution, ...]
    spatial_gain: IntegerConvolution
    log2_gains: NDArray[np.int32]
    restored_log2_gains: NDArray[np.int32]
    powers: NDArray[np.int32]
    min_octaves: int
    side_tables: NDArray[np.int32]
    values: LatticeValues
    synthesis_digest: NDArray[np.uint8]
    digest: bytes = b""

    @property
    def channels(self) -> int:
        """Channels of the latent."""
        return int(self.log2_gains.shape[1])

    @property
    def side_channels(self) -> int:
        """Channels of the side information."""
        return int(self.side_tables.shape[1])

    def max_sum(self) -> int:
        """Bound of all sums in the networks."""
        inputs = self._inputs()
        return max(layer.max_sum(most) for layer, most in zip(self._layers, inputs, strict=True))

    def check(self) -> None:
        """Proves that the networks are exact and that the tables are ones that the coder takes.

        Raises:
            ValueError: They are not.
        """
        counts = {len(self.spatial_context), len(self.entropy_parameters)}
        if counts != {STEPS} or len(self.context_fusion) != STEPS - 1:
            raise ValueError(f"There must be networks of {STEPS} steps.")
        if self.channels % STEPS or self.log2_gains.shape != self.restored_log2_gains.shape:
            raise ValueError("Gains do not fit the channels.")
        for layer, most in zip(self._layers, self._inputs(), strict=True):
            layer.check(most)
        pointwise = (*self.context_fusion, *self.entropy_parameters)
        if any(layer.kernel.shape[0] != 1 for layer in pointwise):
            raise ValueError("Context fusion and entropy parameters must see one position.")
        if any(layer.kernel.shape[-1] != 2 * self.channels for layer in self.entropy_parameters):
            raise ValueError("Predictions do not fit the channels.")
        gain = self.spatial_gain
        bound = max(-gain.lowest, gain.highest)
        if gain.kernel.shape[-1] != CELL * CELL or bound > SPATIAL_GAIN_LIMIT:
            raise ValueError("The spatial gain does not fit the cells.")
        for octaves in (self.log2_gains, self.restored_log2_gains):
            if np.abs(octaves).max() > GAIN_OCTAVES << OCTAVE_BITS:
                raise ValueError(f"Gains must lie within {GAIN_OCTAVES} octaves of one.")
        low, high = 1 << POWER_BITS, 2 << POWER_BITS
        if len(self.powers) != 1 << OCTAVE_BITS or not low <= self.powers.min() <= high:
            raise ValueError("The powers of two are others.")
        self._check_side_tables()
        self.values.check()

    def to_bytes(self) -> bytes:
        """The file."""
        arrays: dict[str, Any] = {
            "layout": np.int32(_LAYOUT),
            "log2_gains": self.log2_gains,
            "restored_log2_gains": self.restored_log2_gains,
            "powers": self.powers,
            "smallest_octaves": np.int32(self.min_octaves),
            "side_tables": self.side_tables,
            "lattice_from": np.int32(self.values.lattice_from),
            "synthesis_digest": self.synthesis_digest,
        }
        for name, field in _VALUE_TABLES.items():
            arrays[f"value_{name}"] = getattr(self.values.tables, field)
        for name, layer in zip(_LAYER_NAMES, self._layers, strict=True):
            arrays[f"{name}.kernel"] = layer.kernel
            arrays[f"{name}.bias"] = layer.bias
            arrays[f"{name}.shift"] = layer.shift
            arrays[f"{name}.range"] = np.array([layer.lowest, layer.highest], np.int32)
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **arrays)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> "IntegerModel":
        """Model of a file that `to_bytes` made, checked.

        Raises:
            ValueError: The file holds something else.
        """
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = dict(file)
        if int(arrays["layout"]) != _LAYOUT:
            raise ValueError(f"Layout {_LAYOUT} is read; received {int(arrays['layout'])}.")
        layers = [_layer(arrays, name) for name in _LAYER_NAMES]
        model = cls(
            hyper_synthesis=layers[0],
            context_fusion=tuple(layers[1:STEPS]),
            spatial_context=tuple(layers[STEPS : 2 * STEPS]),
            entropy_parameters=tuple(layers[2 * STEPS : 3 * STEPS]),
            spatial_gain=layers[3 * STEPS],
            log2_gains=arrays["log2_gains"],
            restored_log2_gains=arrays["restored_log2_gains"],
            powers=arrays["powers"],
            min_octaves=int(arrays["smallest_octaves"]),
            side_tables=arrays["side_tables"],
            values=LatticeValues(
                ValueTables(*(arrays[f"value_{name}"] for name in _VALUE_TABLES)),
                int(arrays["lattice_from"]),
            ),
            synthesis_digest=arrays["synthesis_digest"],
            digest=hashlib.sha256(data).digest(),
        )
        model.check()
        return model

    @property
    def _layers(self) -> tuple[IntegerConvolution, ...]:
        steps = (*self.context_fusion, *self.spatial_context, *self.entropy_parameters)
        return (self.hyper_synthesis, *steps, self.spatial_gain)

    def _inputs(self) -> list[list[int]]:
        """Largest absolute value of each input channel of each network."""
        features = [[MAX_ACTIVATION] * layer.kernel.shape[-1] for layer in self.spatial_context]
        context = [MAX_SIGNED] * self.channels
        first = [MAX_ACTIVATION] * self.hyper_synthesis.kernel.shape[-1]
        before = [[MAX_ACTIVATION] * layer.kernel.shape[-1] for layer in self.context_fusion]
        mixed = [known + context for known in features[:-1]]
        return [[SIDE_LIMIT] * self.side_channels, *mixed, first, *before, *features, first]

    def _check_side_tables(self) -> None:
        tables = self.side_tables
        if tables.shape[0] != QUALITIES or tables.shape[2:] != (2 * SIDE_LIMIT + 1,):
            raise ValueError(f"Side tables have another shape: {tables.shape}.")
        sums = tables.sum(axis=-1, dtype=np.int64)
        if tables.min() < 0 or (sums != 2**PRECISION_BITS - tables.shape[-1]).any():
            raise ValueError("Side tables do not sum to the coder's precision.")


#: Names in the file, which never change, and the fields of `ValueTables`.
_VALUE_TABLES = {"reaches": "half_widths", "wholes": "even", "betweens": "odd"}

#: Names of the layers in the file, which never change: `mixed` is the context fusion, `spatial` the
#: spatial context, `prediction` the entropy parameters, `modulation` the spatial gain.
_LAYER_NAMES = (
    "hyper_synthesis",
    *(f"mixed_{step}" for step in range(1, STEPS)),
    *(f"spatial_{step}" for step in range(STEPS)),
    *(f"prediction_{step}" for step in range(STEPS)),
    "modulation",
)


def _layer(arrays: dict[str, NDArray[np.generic]], name: str) -> IntegerConvolution:
    lowest, highest = (int(bound) for bound in arrays[f"{name}.range"])
    if not -MAX_SIGNED <= lowest <= highest <= MAX_ACTIVATION:
        raise ValueError(f"The range of {name} exceeds 16 bits.")
    return IntegerConvolution(
        kernel=arrays[f"{name}.kernel"].astype(np.int16, casting="safe"),
        bias=arrays[f"{name}.bias"].astype(np.int64, casting="safe"),
        shift=arrays[f"{name}.shift"].astype(np.int8, casting="safe"),
        lowest=lowest,
        highest=highest,
    )
