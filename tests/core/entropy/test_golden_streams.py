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
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.entropy.bitstream import Bitstream, unpack
from core.entropy.errors import CorruptStream
from core.entropy.integer_model import IntegerModel
from core.entropy.latent_coding import Decoded, LatentCoder
from core.entropy.step_order import put_step, step_order, take_step
from tests.core.entropy.plain_stream import GOLDEN, PlainStream

ROOT = Path(__file__).parents[3]
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

_KERNELS = (None, "Haswell", "Prescott", "SkylakeX")
#: Libraries that are loaded before, kernel and threads: all kernels and numbers of threads without
#: a library, and each of them once beside each library.
_CONFIGURATIONS = (
    *itertools.product(((),), _KERNELS, (1, 2)),
    *(
        ((library,), kernel, threads)
        for library in ("tensorflow", "jax")
        for kernel, threads in zip(_KERNELS, (2, 1, 2, 1), strict=True)
    ),
)


@pytest.mark.slow
@pytest.mark.parametrize(("loaded", "kernel", "threads"), _CONFIGURATIONS)
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
