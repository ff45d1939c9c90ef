"""Streams that must decode to the same symbols for ever, on every machine, by two decoders."""

import dataclasses
import hashlib
import io
import itertools
import json
import os
import subprocess
import sys
import zlib
from collections.abc import Callable
from importlib.util import find_spec
from operator import mul
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.entropy.bitstream import Bitstream, unpack
from core.entropy.errors import CorruptStream
from core.entropy.integer_model import IntegerModel
from core.entropy.latent_coding import Decoded, LatentCoder, put_step, step_order, take_step

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden"
MODEL = (GOLDEN / "models" / "bottleneck" / "entropy.npz").read_bytes()
STREAMS = {path.stem: path.read_bytes() for path in sorted((GOLDEN / "streams").glob("*.bnk"))}
SYMBOLS = json.loads((GOLDEN / "symbols.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def model() -> IntegerModel:
    return IntegerModel.from_bytes(MODEL)


def _decode(model: IntegerModel, stream: Bitstream) -> Decoded:
    rows, columns = (2 * -(-side // 32) for side in (stream.header.height, stream.header.width))
    coder = LatentCoder(model, stream.header.quality)
    return coder.decode(stream.payload, rows=rows, columns=columns)


def _digest(symbols: tuple[np.ndarray, ...]) -> str:
    return hashlib.sha256(b"".join(group.astype("<i2").tobytes() for group in symbols)).hexdigest()


def test_there_are_twelve_images_at_five_qualities() -> None:
    assert len(STREAMS) == len(SYMBOLS) == 60
    assert STREAMS.keys() == SYMBOLS.keys()


@pytest.mark.parametrize("name", STREAMS)
def test_a_golden_stream_decodes_to_its_symbols(name: str, model: IntegerModel) -> None:
    stream = unpack(STREAMS[name])
    decoded = _decode(model, stream)
    assert _digest(decoded.symbols) == SYMBOLS[name]
    stream.verify(model_digest=hashlib.sha256(MODEL).digest(), symbols=decoded.symbols)


@pytest.mark.parametrize("name", STREAMS)
def test_an_independent_decoder_reads_the_same_symbols(
    name: str, plain_decoder: Callable[[bytes], Any]
) -> None:
    data = STREAMS[name]
    symbols, check = PlainStream(data).symbols(plain_decoder)
    assert hashlib.sha256(symbols).hexdigest() == SYMBOLS[name]
    digest = hashlib.sha256(MODEL).digest()
    header, payload = data[: check.start], data[check.stop :]
    expected = zlib.crc32(symbols, zlib.crc32(payload, zlib.crc32(header, zlib.crc32(digest))))
    assert data[check.start : check.stop] == expected.to_bytes(4, "little")


@pytest.mark.parametrize("name", ["odd_100", "noise_1"])
def test_rows_that_are_made_at_once_change_nothing(
    name: str, model: IntegerModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = unpack(STREAMS[name])
    whole = _decode(model, stream)
    monkeypatch.setattr("core.entropy.latent_coding._VALUES_AT_ONCE", 1)
    by_rows = _decode(model, stream)
    assert _digest(by_rows.symbols) == SYMBOLS[name]
    np.testing.assert_array_equal(by_rows.latents, whole.latents)
    coder = LatentCoder(model, stream.header.quality)
    side = whole.symbols[0].astype(np.float32)
    coded_by_rows = coder.encode(whole.latents, side)
    monkeypatch.undo()
    coded = coder.encode(whole.latents, side)
    assert coded_by_rows.payload == coded.payload
    assert _digest(coded_by_rows.symbols) == _digest(coded.symbols)


def test_networks_that_look_around_where_rows_stand_alone_are_refused(model: IntegerModel) -> None:
    for name in ("context_fusion", "entropy_parameters"):
        first, *others = getattr(model, name)
        kernel = np.pad(first.kernel, ((1, 1), (1, 1), (0, 0), (0, 0)))
        wider = (dataclasses.replace(first, kernel=kernel), *others)
        with pytest.raises(ValueError, match="must see one position"):
            dataclasses.replace(model, **{name: wider}).check()


def test_the_golden_streams_hold_values_outside_their_tables(model: IntegerModel) -> None:
    largest = max(
        np.abs(group).max()
        for name in ("checks_100", "flat_100")
        for group in _decode(model, unpack(STREAMS[name])).symbols[1:]
    )
    assert largest > 2 * model.values.tables.half_widths.min()


def test_a_prediction_that_is_off_by_one_table_is_noticed(model: IntegerModel) -> None:
    """Undamaged bytes, a decoder that lost its way: what the check over the symbols is for."""
    for seed in range(50):
        with pytest.raises(CorruptStream):
            _read_derailed(model, STREAMS["odd_50"], seed)


def _read_derailed(model: IntegerModel, data: bytes, seed: int) -> None:
    stream, coder = unpack(data), LatentCoder(model, 50)
    _derail(coder, seed)
    symbols = coder.decode(stream.payload, rows=8, columns=10).symbols
    stream.verify(model_digest=hashlib.sha256(MODEL).digest(), symbols=symbols)


def _derail(coder: LatentCoder, seed: int) -> None:
    expect = coder._expect
    random = np.random.default_rng(seed)

    steps = itertools.count()

    def derailed(gains: Any, prediction: np.ndarray) -> Any:
        expected = expect(gains, prediction)
        if next(steps) == seed % 4:
            place = random.integers(expected.indices.size)
            expected.indices.flat[place] += 1 if expected.indices.flat[place] < 80 else -1
        return expected

    coder._expect = derailed  # type: ignore[method-assign]


def test_every_value_has_one_place_in_the_coding_order() -> None:
    latents = np.arange(6 * 4 * 8, dtype=np.float32).reshape(6, 4, 8)
    restored = np.full_like(latents, -1)
    for step in range(4):
        put_step(restored, step, take_step(latents, step))
    assert np.array_equal(restored, latents)


def test_the_channel_order_of_the_steps_is_that_of_their_maps() -> None:
    channels = np.broadcast_to(np.arange(8, dtype=np.float32), (2, 2, 8))
    for step, order in enumerate(step_order(8)):
        assert take_step(channels, step)[0, 0].tolist() == order.tolist()


def test_a_payload_longer_than_any_image_needs_is_refused(model: IntegerModel) -> None:
    with pytest.raises(CorruptStream, match="longer than an image"):
        LatentCoder(model, 50).decode(bytes(10_000), rows=2, columns=2)


def test_the_model_survives_its_file_and_a_changed_one_has_another_name() -> None:
    model = IntegerModel.from_bytes(MODEL)
    again = IntegerModel.from_bytes(model.to_bytes())
    assert np.array_equal(again.context_fusion[1].kernel, model.context_fusion[1].kernel)
    assert model.digest == hashlib.sha256(MODEL).digest()
    model.context_fusion[0].kernel[0, 0, 0, 0] ^= 1
    assert hashlib.sha256(model.to_bytes()).digest() != again.digest


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("side_tables", "do not sum"),
        ("value_wholes", "lengths that their half widths say"),
        ("lattice_from", "lattice begins at table"),
        ("mixed_1.kernel", "inputs; the kernel has"),
        ("spatial_2.range", "exceeds 16 bits"),
        ("log2_gains", "Gains do not fit"),
        ("layout", "Layout 4 is read"),
        ("modulation.range", "spatial gain does not fit"),
    ],
)
def test_a_file_of_a_model_that_does_not_fit_is_refused(name: str, message: str) -> None:
    with np.load(io.BytesIO(MODEL)) as file:
        arrays = dict(file)
    spoiled = {
        "side_tables": arrays["side_tables"] + 1,
        "value_wholes": arrays["value_wholes"][1:],
        "lattice_from": np.int32(7),
        "mixed_1.kernel": arrays["mixed_1.kernel"][:, :, 1:],
        "spatial_2.range": arrays["spatial_2.range"] * 2,
        "log2_gains": arrays["log2_gains"][:, 1:],
        "layout": np.int32(3),
        "modulation.range": arrays["modulation.range"] * 2,
    }
    buffer = io.BytesIO()
    np.savez(buffer, **{**arrays, name: spoiled[name]})
    with pytest.raises(ValueError, match=message):
        IntegerModel.from_bytes(buffer.getvalue())


_DECODE_ALL = """
import hashlib, importlib, pathlib, sys
golden = pathlib.Path(sys.argv[1])
for name in sys.argv[2:]:
    importlib.import_module(name)
from core.entropy.bitstream import unpack
from core.entropy.integer_model import IntegerModel
from core.entropy.latent_coding import LatentCoder
model = IntegerModel.from_bytes((golden / "models/bottleneck/entropy.npz").read_bytes())
for path in sorted((golden / "streams").glob("*.bnk")):
    stream = unpack(path.read_bytes())
    rows, columns = (2 * -(-side // 32) for side in (stream.header.height, stream.header.width))
    coder = LatentCoder(model, stream.header.quality)
    symbols = coder.decode(stream.payload, rows=rows, columns=columns).symbols
    digest = hashlib.sha256(b"".join(group.astype("<i2").tobytes() for group in symbols))
    print(path.stem, digest.hexdigest())
"""

_LOADED = ((), ("tensorflow",), ("jax",))
_KERNELS = (None, "Haswell", "Prescott", "SkylakeX")
_THREADS = (1, 2)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("loaded", "kernel", "threads"), list(itertools.product(_LOADED, _KERNELS, _THREADS))
)
def test_golden_streams_decode_alike_in_every_configuration(
    loaded: tuple[str, ...], kernel: str | None, threads: int
) -> None:
    for name in loaded:
        if find_spec(name) is None:
            pytest.skip(f"{name} is not installed")
    chosen = {"OPENBLAS_CORETYPE": kernel} if kernel else {}
    counts = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), str(threads))
    found = subprocess.run(
        [sys.executable, "-c", _DECODE_ALL, str(GOLDEN), *loaded],
        env={**os.environ, **chosen, **counts},
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    lines = [line.split() for line in found.stdout.splitlines() if len(line.split()) == 2]
    assert dict(lines) == SYMBOLS


#: Of two symbols that are equally frequent.
_COIN = [2**23 - 1, 2**23 - 1]


def _word(index: int) -> list[int]:
    """Which numbers of a point are odd: binary digits of their places, added up, or not."""
    return [((place & index & 15).bit_count() + (index >> 4)) % 2 for place in range(16)]


class PlainStream:
    """A decoder of whole streams in Python's integers, written from the description alone.

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
        number, place = 0, 0
        while True:
            digit = self.data[self.end]
            self.end += 1
            number |= (digit & 127) << place
            place += 7
            if digit < 128:
                return number

    def symbols(self, decoder: Callable[[bytes], Any]) -> tuple[bytes, slice]:
        """Symbols in coding order as 16-bit numbers, and where the check stands."""
        check = slice(self.end, self.end + 4)
        self.coder = decoder(self.data[check.stop :])
        self.rows, self.columns = -(-self.height // 32), -(-self.width // 32)
        side = self._side()
        groups, features = [side], self._convolve("hyper_synthesis", side)
        self.modulation = self._convolve("modulation", features)
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

    def _step(self, step: int, predictions: list[list[int]]) -> tuple[list[list[int]], Any]:
        octaves = self._at(self.arrays["log2_gains"])
        count = len(octaves)
        order = [(c, p) for p in range(4) for c in range((p + step) % 4, count, 4)]
        first = self.arrays["smallest_octaves"]
        means, tables, inverses = [], [], []
        for prediction, finer in zip(predictions, self.modulation, strict=True):
            # Eighths of an octave, on gains of 2048ths.
            moved = [min(max(octaves[c] + 256 * finer[p], -24576), 24576) for c, p in order]
            inverses += [self._power(-octave, 18) for octave in moved]
            gains = [self._power(octave, 16) for octave in moved]
            means += [_rounded(m * g, 22) for m, g in zip(prediction, gains, strict=False)]
            scales = zip(prediction[count:], moved, strict=True)
            tables += [_rounded(8 * (s + octave - first), 11) for s, octave in scales]
        last = len(self.arrays["value_reaches"]) - 1
        values = self._values([min(max(table, 0), last) for table in tables])
        pairs = enumerate(zip(values, means, strict=True))
        restored = [self.units[place] * value + mean for place, (value, mean) in pairs]
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
        """Numbers of a step, sixteen at a time where they are points of the lattice."""
        ordered = sorted(range(len(tables)), key=tables.__getitem__)
        count = sum(table >= self.arrays["lattice_from"] for table in tables) // 16
        alone = ordered[: len(tables) - 16 * count]
        free, last = ordered[len(alone) : len(tables) - count], ordered[len(tables) - count :]
        points = [free[15 * point : 15 * point + 15] for point in range(count)]
        words = [_word(word) for word in self._read(count, [2**19 - 1] * 32)]
        values = dict(
            zip(alone, self._numbers([("wholes", tables[p]) for p in alone]), strict=True)
        )
        odd = [bit for word in words for bit in word[:15]]
        wanted = [
            ("betweens" if bit else "wholes", tables[place] - 2)
            for bit, place in zip(odd, free, strict=True)
        ]
        values |= dict(zip(free, self._numbers(wanted), strict=True))
        sums = [sum(values[place] for place in point) for point in points]
        wanted = []
        for place, word, others in zip(last, words, sums, strict=True):
            if word[15]:
                wanted.append(("magnitudes", tables[place] - 2))
            else:
                # An even number, halved: it is even again if the others' sum is.
                wanted.append(("betweens" if others % 4 else "wholes", tables[place] - 10))
        told = zip(last, words, sums, self._numbers(wanted), strict=True)
        for place, word, others, number in told:
            if word[15]:
                values[place] = number if (others + number) % 4 == 0 else -number
            else:
                values[place] = 2 * number
        self.units = dict.fromkeys(alone, 32) | dict.fromkeys(free + last, 38)
        return [values[place] for place in range(len(tables))]

    def _numbers(self, wanted: list[tuple[str, int]]) -> list[int]:
        """Numbers in half steps, each by a table of its kind, table after table."""
        numbers, outside = [0] * len(wanted), []
        kinds = ("wholes", "betweens", "magnitudes")
        for kind, index in sorted(set(wanted), key=lambda pair: (kinds.index(pair[0]), pair[1])):
            places = [place for place, pair in enumerate(wanted) if pair == (kind, index)]
            table, lowest = self._table(kind, index)
            for place, symbol in zip(places, self._read(len(places), table), strict=True):
                numbers[place] = lowest + 2 * symbol
                if symbol == len(table) - 1:
                    outside.append((place, numbers[place] - 2))
        if outside:
            self._read_outside(numbers, outside)
        return numbers

    def _table(self, kind: str, index: int) -> tuple[list[int], int]:
        """Entries, the escape last, and the value of the first in half steps."""
        reaches = self.arrays["value_reaches"]
        more = 2 if kind == "wholes" else 1
        start = sum(reach + more for reach in reaches[:index])
        stored = self.arrays["value_wholes" if kind == "wholes" else "value_betweens"]
        half, reach = stored[start : start + reaches[index] + more], reaches[index]
        if kind == "wholes":
            return half[reach:0:-1] + half, -2 * reach
        if kind == "betweens":
            return half[:reach][::-1] + half, 1 - 2 * reach
        return [2 * entry + 1 for entry in half[:reach]] + half[reach:], 1

    def _read_outside(self, values: list[int], outside: list[tuple[int, int]]) -> None:
        lengths = [2 ** (15 - k) for k in range(16)]
        total = sum(lengths)
        table = [length * (2**24 - 16) // total for length in lengths]
        table[0] += 2**24 - 16 - sum(table)
        signs = self._read(len(outside), _COIN)
        counts = self._read(len(outside), table)
        bits = iter(self._read(sum(counts), _COIN))
        for (place, highest), sign, count in zip(outside, signs, counts, strict=True):
            excess = 1
            for _ in range(count):
                excess = 2 * excess + next(bits)
            size = highest + 2 * excess
            values[place] = -size if sign else size


def _rounded(value: int, shift: int) -> int:
    """Value times 2**-shift to the nearest integer, halves upwards."""
    return (value + (1 << shift >> 1)) >> shift
