"""A second decoder of whole streams, in Python's integers, against which the first is tested."""

from collections.abc import Callable
from operator import mul
from pathlib import Path
from typing import Any

import numpy as np

GOLDEN = Path(__file__).parents[2] / "golden"

#: Of two symbols that are equally frequent.
_COIN = [2**23 - 1, 2**23 - 1]


def _codeword(index: int) -> list[int]:
    """Codeword of the Reed-Muller code RM(1, 4): which coordinates of a lattice point are odd."""
    return [((position & index & 15).bit_count() + (index >> 4)) % 2 for position in range(16)]


class PlainStream:
    """A decoder of whole streams in Python's integers, written from the description scalar_indices.

    It shares no code with the program: its range decoder is the tests' own, its networks are
    loops over lists, and it reads the model's file as arrays of integers.
    """

    def __init__(self, data: bytes) -> None:
        assert data[0] == 0xB5
        assert data[1] in (0x10, 0x11)
        self.data, self.quality, self.end = data, data[4], 5
        self.width, self.height = 160, 160
        if data[1] == 0x11:
            self.width, self.height = self._number() + 1, self._number() + 1
        with np.load(GOLDEN / "models" / "bottleneck" / "entropy.npz") as file:
            self.arrays = {name: file[name].tolist() for name in file.files}

    def _number(self) -> int:
        number, shift = 0, 0
        while True:
            digit = self.data[self.end]
            self.end += 1
            number |= (digit & 127) << shift
            shift += 7
            if digit < 128:
                return number

    def symbols(self, decoder: Callable[[bytes], Any]) -> tuple[bytes, slice]:
        """Symbols in coding order as 16-bit numbers, and where the check stands."""
        check = slice(self.end, self.end + 4)
        self.coder = decoder(self.data[check.stop :])
        self.rows, self.columns = -(-self.height // 32), -(-self.width // 32)
        side = self._side()
        groups, features = [side], self._convolve("hyper_synthesis", side)
        self.spatial_gain = self._convolve("modulation", features)
        for step in range(4):
            features = self._convolve(f"spatial_{step}", features)
            values, context = self._step(step, self._convolve(f"prediction_{step}", features))
            groups.append(values)
            if step < 3:
                known = [a + b for a, b in zip(features, context, strict=True)]
                features = self._convolve(f"mixed_{step + 1}", known)
        numbers = [number for group in groups for cell in group for number in cell]
        return b"".join(number.to_bytes(2, "little", signed=True) for number in numbers), check

    def _side(self) -> list[list[int]]:
        tables = self.arrays["side_tables"][self.quality - 1]
        cells = self.rows * self.columns
        channels = [self._read(cells, table) for table in tables]
        return [[channel[cell] - 31 for channel in channels] for cell in range(cells)]

    def _read(self, count: int, table: list[int]) -> list[int]:
        return self.coder.read(count, np.array(table))

    def _at(self, levels: list[list[int]]) -> list[int]:
        last = len(levels) - 1
        if last == 0:
            return levels[0]
        lower, part = divmod((self.quality - 1) * last, 99)
        pairs = zip(levels[lower], levels[min(lower + 1, last)], strict=True)
        return [(2 * (a * (99 - part) + b * part) + 99) // 198 for a, b in pairs]

    def _convolve(self, name: str, cells: list[list[int]]) -> list[list[int]]:
        kernel, shifts = self.arrays[f"{name}.kernel"], self.arrays[f"{name}.shift"]
        lowest, highest = self.arrays[f"{name}.range"]
        biases, size = self._at(self.arrays[f"{name}.bias"]), len(kernel)
        columns_of = [[list(zip(*tap, strict=True)) for tap in row] for row in kernel]
        found = []
        for row, column in np.ndindex(self.rows, self.columns):
            sums = list(biases)
            for down, right in np.ndindex(size, size):
                near = (row + down - size // 2, column + right - size // 2)
                if 0 <= near[0] < self.rows and 0 <= near[1] < self.columns:
                    values = cells[near[0] * self.columns + near[1]]
                    for output, weights in enumerate(columns_of[down][right]):
                        sums[output] += sum(map(mul, weights, values))
            moved = [s >> k if k >= 0 else s << -k for s, k in zip(sums, shifts, strict=True)]
            found.append([min(max(value, lowest), highest) for value in moved])
        return found

    def _step(self, step: int, parameters: list[list[int]]) -> tuple[list[list[int]], Any]:
        octaves = self._at(self.arrays["log2_gains"])
        count = len(octaves)
        order = [(c, p) for p in range(4) for c in range((p + step) % 4, count, 4)]
        first = self.arrays["smallest_octaves"]
        means, tables, inverses = [], [], []
        for entropy_parameters, finer in zip(parameters, self.spatial_gain, strict=True):
            # Eighths of an octave, on gains of 2048ths.
            moved = [min(max(octaves[c] + 256 * finer[p], -24576), 24576) for c, p in order]
            inverses += [self._power(-octave, 18) for octave in moved]
            gains = [self._power(octave, 16) for octave in moved]
            means += [_rounded(m * g, 22) for m, g in zip(entropy_parameters, gains, strict=False)]
            scales = zip(entropy_parameters[count:], moved, strict=True)
            tables += [_rounded(8 * (s + octave - first), 11) for s, octave in scales]
        last = len(self.arrays["value_reaches"]) - 1
        values = self._values([min(max(table, 0), last) for table in tables])
        pairs = enumerate(zip(values, means, strict=True))
        restored = [self.units[position] * value + mean for position, (value, mean) in pairs]
        limited = [
            min(max(_rounded(r * inverse, 12), -32767), 32767)
            for r, inverse in zip(restored, inverses, strict=True)
        ]
        cells = range(0, len(values), count)
        return [values[i : i + count] for i in cells], [limited[i : i + count] for i in cells]

    def _power(self, octaves: int, bits: int) -> int:
        mantissa, shift = self.arrays["powers"][octaves & 2047], (octaves >> 11) + bits - 16
        return mantissa << shift if shift >= 0 else _rounded(mantissa, -shift)

    def _values(self, tables: list[int]) -> list[int]:
        """Coordinates of a step, in groups of 16 where the lattice is used."""
        ordered = sorted(range(len(tables)), key=tables.__getitem__)
        count = sum(table >= self.arrays["lattice_from"] for table in tables) // 16
        scalars = ordered[: len(tables) - 16 * count]
        codewords = [_codeword(index) for index in self._read(count, [2**19 - 1] * 32)]
        values = self._read_at(scalars, [("even", tables[index]) for index in scalars])
        first_parity = len(tables) - count
        conditioned, parities = ordered[len(scalars) : first_parity], ordered[first_parity:]
        odd = [bit for codeword in codewords for bit in codeword[:15]]
        wanted = [
            ("odd" if bit else "even", tables[index] - 2)
            for bit, index in zip(odd, conditioned, strict=True)
        ]
        values |= self._read_at(conditioned, wanted)
        points = [conditioned[15 * point : 15 * point + 15] for point in range(count)]
        sums = [sum(values[index] for index in point) for point in points]
        values |= self._parities(parities, [word[15] for word in codewords], sums, tables)
        self.units = dict.fromkeys(scalars, 32) | dict.fromkeys(conditioned + parities, 38)
        return [values[index] for index in range(len(tables))]

    def _parities(
        self, indices: list[int], odd: list[int], sums: list[int], tables: list[int]
    ) -> dict[int, int]:
        """The last coordinate of each point, whose sign or parity the other fifteen decide.

        An even one is halved; the half is even if the sum of the others is a multiple of four.
        """
        wanted = []
        for index, is_odd, total in zip(indices, odd, sums, strict=True):
            even = ("odd" if total % 4 else "even", tables[index] - 10)
            wanted.append(("odd_magnitude", tables[index] - 2) if is_odd else even)
        found = {}
        decoded = self._coordinates(wanted)
        for index, is_odd, total, value in zip(indices, odd, sums, decoded, strict=True):
            sign = 1 if (total + value) % 4 == 0 else -1
            found[index] = sign * value if is_odd else 2 * value
        return found

    def _read_at(self, indices: list[int], wanted: list[tuple[str, int]]) -> dict[int, int]:
        return dict(zip(indices, self._coordinates(wanted), strict=True))

    def _coordinates(self, wanted: list[tuple[str, int]]) -> list[int]:
        """Coordinates in half steps, each by a table of its coset, table after table."""
        numbers, outside = [0] * len(wanted), []
        cosets = ("even", "odd", "odd_magnitude")
        for coset, index in sorted(set(wanted), key=lambda pair: (cosets.index(pair[0]), pair[1])):
            positions = [position for position, pair in enumerate(wanted) if pair == (coset, index)]
            table, lowest = self._table(coset, index)
            for position, symbol in zip(positions, self._read(len(positions), table), strict=True):
                numbers[position] = lowest + 2 * symbol
                if symbol == len(table) - 1:
                    outside.append((position, numbers[position] - 2))
        if outside:
            self._read_outside(numbers, outside)
        return numbers

    def _table(self, coset: str, index: int) -> tuple[list[int], int]:
        """Entries, the escape last, and the value of the first in half steps."""
        half_widths = self.arrays["value_reaches"]
        more = 2 if coset == "even" else 1
        start = sum(half_width + more for half_width in half_widths[:index])
        stored = self.arrays["value_wholes" if coset == "even" else "value_betweens"]
        half, half_width = stored[start : start + half_widths[index] + more], half_widths[index]
        if coset == "even":
            return half[half_width:0:-1] + half, -2 * half_width
        if coset == "odd":
            return half[:half_width][::-1] + half, 1 - 2 * half_width
        return [2 * entry + 1 for entry in half[:half_width]] + half[half_width:], 1

    def _read_outside(self, values: list[int], outside: list[tuple[int, int]]) -> None:
        lengths = [2 ** (15 - k) for k in range(16)]
        total = sum(lengths)
        table = [length * (2**24 - 16) // total for length in lengths]
        table[0] += 2**24 - 16 - sum(table)
        signs = self._read(len(outside), _COIN)
        counts = self._read(len(outside), table)
        bits = iter(self._read(sum(counts), _COIN))
        for (position, highest), sign, count in zip(outside, signs, counts, strict=True):
            excess = 1
            for _ in range(count):
                excess = 2 * excess + next(bits)
            size = highest + 2 * excess
            values[position] = -size if sign else size


def _rounded(value: int, shift: int) -> int:
    """Value times 2**-shift to the nearest integer, halves upwards."""
    return (value + (1 << shift >> 1)) >> shift
