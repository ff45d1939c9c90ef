"""Static tables for uniformly quantised latents."""

import numpy as np
import pytest

from core.entropy.fixed_point import QUALITIES
from core.entropy.latent_tables import BINS, LatentTables, fit_latent_tables
from core.entropy.tables import PRECISION_BITS
from tests.core.entropy.ideal_bits import ideal_bits


def _latents(seed: int = 0) -> np.ndarray:
    """Three channels as networks make them: rectified, symmetric, and one that is always zero."""
    generator = np.random.default_rng(seed)
    shape = (6, 20, 20)
    rectified = np.maximum(generator.normal(0, 1, shape), 0)
    channels = [rectified, generator.laplace(0.3, 0.5, shape), np.zeros(shape)]
    return np.stack(channels, axis=-1).astype(np.float32)


@pytest.fixture(scope="module")
def tables() -> LatentTables:
    return fit_latent_tables(lambda images: _latents(int(images)), lambda: iter(range(4)))


@pytest.mark.parametrize("quality", [1, 2, 37, 80, 99, 100])
def test_every_table_is_one_that_the_coder_takes(tables: LatentTables, quality: int) -> None:
    at = tables.at(quality)
    sums = at.tables.sum(axis=1, dtype=np.int64)
    assert (sums == 2**PRECISION_BITS - at.tables.shape[1]).all()


@pytest.mark.parametrize("quality", [1, 37, 100])
def test_symbols_of_unseen_latents_are_within_half_a_step(tables, quality: int) -> None:
    at = tables.at(quality)
    latent = np.clip(_latents(99), tables.lowest * tables.step, 3)
    symbols = tables.symbols(latent, at)
    assert symbols.min() >= 0
    assert symbols.max() < at.tables.shape[1]
    decoded = np.stack([at.values[channel][symbols[..., channel]] for channel in range(3)], -1)
    half_a_step = (at.multiple / 2 + 1) * tables.step
    # A bin's mean may lie at its edge, so the distance may reach a whole step but not more.
    assert np.abs(decoded - latent).max() <= 2 * half_a_step


def test_values_out_of_the_fitted_range_take_the_outermost_bins(tables: LatentTables) -> None:
    at = tables.at(50)
    symbols = tables.symbols(np.array([[[-1e9, 1e9, np.float32(1e30)]]], np.float32), at)
    assert symbols.ravel().tolist() == [0, at.tables.shape[1] - 1, at.tables.shape[1] - 1]


def test_finer_steps_cost_more_bits_and_err_less(tables: LatentTables) -> None:
    bits, errors = [], []
    for quality in (1, 25, 50, 75, 100):
        at = tables.at(quality)
        symbols = tables.symbols(_latents(7), at)[..., 1].ravel()
        bits.append(ideal_bits(symbols.astype(np.int32), at.tables[1]))
        errors.append(np.abs(at.values[1][symbols] - _latents(7)[..., 1].ravel()).mean())
    assert np.all(np.diff(bits) > 0)
    assert np.all(np.diff(errors) < 0)


def test_the_coarse_table_counts_what_the_fine_one_counted(tables: LatentTables) -> None:
    at = tables.at(30)
    symbols = np.concatenate([tables.symbols(_latents(i), at)[..., 1].ravel() for i in range(4)])
    seen = np.bincount(symbols, minlength=at.tables.shape[1]) / symbols.size
    assert np.allclose(seen, (at.tables[1] + 1) / 2**PRECISION_BITS, atol=1e-5)


def test_a_channel_without_information_costs_nothing(tables: LatentTables) -> None:
    at = tables.at(60)
    symbols = tables.symbols(_latents(5), at)[..., 2].ravel().astype(np.int32)
    assert ideal_bits(symbols, at.tables[2]) < 5


def test_every_quality_has_a_step_of_its_own(tables: LatentTables) -> None:
    assert len(set(tables.multiples.tolist())) == QUALITIES
    assert tables.multiples[-1] == 1


def test_tables_survive_their_file(tables: LatentTables) -> None:
    again = LatentTables.from_bytes(tables.to_bytes())
    assert again.digest() == tables.digest()
    assert np.array_equal(again.counts, tables.counts)
    assert again.counts.shape == (3, BINS)


def test_changed_counts_change_the_digest(tables: LatentTables) -> None:
    counts = tables.counts.copy()
    counts[0, 0] += 1
    changed = LatentTables(tables.step, tables.lowest, counts, tables.multiples)
    assert changed.digest() != tables.digest()


def test_a_file_with_impossible_steps_is_refused(tables: LatentTables) -> None:
    bad = LatentTables(tables.step, tables.lowest, tables.counts, tables.multiples[::-1].copy())
    with pytest.raises(ValueError, match="falling multiples"):
        LatentTables.from_bytes(bad.to_bytes())
