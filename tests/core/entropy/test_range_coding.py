"""Range coding of groups of symbols."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.entropy.errors import CorruptStream
from core.entropy.range_coding import SymbolReader, SymbolWriter
from core.entropy.tables import quantize_pmf
from tests.core.entropy.ideal_bits import ideal_bits

Groups = list[tuple[np.ndarray, np.ndarray]]


def _random_groups(seed: int, groups: int, max_symbols: int) -> Groups:
    """Groups whose symbols follow their tables, from nearly certain to nearly uniform ones."""
    generator = np.random.default_rng(seed)
    made = []
    for _ in range(groups):
        size = int(generator.integers(2, 60))
        histogram = generator.gamma(generator.choice([0.02, 0.3, 5]), 1000, size).astype(np.int64)
        table = quantize_pmf(histogram)
        weights = (table + 1) / (table + 1).sum()
        count = int(generator.integers(0, max_symbols))
        made.append((generator.choice(size, count, p=weights).astype(np.int32), table))
    return made


def _write(groups: Groups) -> bytes:
    writer = SymbolWriter()
    for symbols, table in groups:
        writer.write(symbols, table)
    return writer.finish()


def _reads_back(payload: bytes, groups: Groups) -> bool:
    reader = SymbolReader(payload)
    return all(np.array_equal(reader.read(s.size, table), s) for s, table in groups)


@given(st.integers(0, 2**32), st.integers(0, 12), st.integers(1, 400))
@settings(max_examples=300, deadline=None)
def test_what_was_written_is_read(seed: int, groups: int, max_symbols: int) -> None:
    made = _random_groups(seed, groups, max_symbols)
    assert _reads_back(_write(made), made)


@pytest.mark.parametrize("seed", range(8))
def test_long_messages_are_read_back_too(seed: int) -> None:
    made = _random_groups(seed, 40, 6000)
    assert _reads_back(_write(made), made)


def test_a_long_run_of_nearly_certain_symbols_at_the_end_is_read_back() -> None:
    likely = quantize_pmf([2**30, 1])
    made = [*_random_groups(3, 5, 5000), (np.zeros(300_000, np.int32), likely)]
    assert _reads_back(_write(made), made)


@pytest.mark.parametrize("seed", range(4))
def test_what_a_writer_forgets_changes_no_byte(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    made = _random_groups(seed, 60, 900)
    whole = _write(made)
    monkeypatch.setattr("core.entropy.range_coding._MAX_HELD", 5000)
    writer = SymbolWriter(_look_at=5000)
    for symbols, table in made:
        writer.write(symbols, table)
    assert len(writer._groups) < len(made)
    assert writer.finish() == whole


def test_the_tail_costs_less_than_a_byte_on_average() -> None:
    overheads = []
    for seed in range(200):
        made = _random_groups(seed, 6, 120)
        bits = sum(ideal_bits(symbols, table) for symbols, table in made)
        overheads.append(len(_write(made)) - bits / 8)
    assert -0.5 <= np.mean(overheads) <= 0.6


def test_no_shorter_payload_says_the_same() -> None:
    for seed in range(150):
        made = _random_groups(seed, 4, 150)
        payload = _write(made)
        for kept in range(max(0, len(payload) - 8), len(payload)):
            number = int.from_bytes(payload[:kept], "big")
            for shorter in {number, min(number + 1, 256**kept - 1)}:
                assert not _says(shorter.to_bytes(kept, "big"), made), (seed, kept)


def _says(payload: bytes, groups: Groups) -> bool:
    try:
        return _reads_back(payload, groups)
    except CorruptStream:
        return False


def test_a_payload_never_ends_with_a_byte_that_carries_nothing() -> None:
    payloads = [_write(_random_groups(seed, 3, 50)) for seed in range(300)]
    assert not any(payload.endswith(b"\0") for payload in payloads)


def test_the_same_symbols_give_the_same_bytes() -> None:
    made = _random_groups(5, 10, 500)
    assert _write(made) == _write(made)


def test_an_independent_decoder_reads_the_same_symbols(plain_decoder) -> None:
    for seed in range(40):
        made = _random_groups(seed, 5, 60)
        decoder = plain_decoder(_write(made))
        for symbols, table in made:
            assert decoder.read(symbols.size, table) == symbols.tolist()


def test_a_symbol_outside_its_table_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must lie in 0\.\.2; received 3"):
        SymbolWriter().write(np.array([3], np.int32), quantize_pmf([1, 1, 1]))


def test_bytes_that_no_encoder_wrote_raise_one_kind_of_error_or_decode() -> None:
    table = quantize_pmf([1, 60, 3, 900])
    refused = 0
    for seed in range(200):
        payload = np.random.default_rng(seed).bytes(40)
        try:
            SymbolReader(payload).read(20_000, table)
        except CorruptStream:
            refused += 1
    assert refused > 20


@pytest.mark.parametrize("words", [1, 5, 7, 60])
def test_a_payload_that_ends_in_many_zeros_is_read_though_they_are_dropped(words: int) -> None:
    table = quantize_pmf(np.array([1000, 1000]))
    symbols = np.zeros(32 * (words + 1), np.int32)
    symbols[:16] = 1
    payload = _write([(symbols, table)])
    assert len(payload) <= 8
    reader = SymbolReader(payload)
    np.testing.assert_array_equal(reader.read(symbols.size, table), symbols)
    reader.finish()
