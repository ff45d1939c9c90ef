"""The search for images that look alike in different splits."""

from itertools import combinations

import numpy as np

from core.dataset.preparation.near_duplicates import Hashes, NearDuplicate, near_duplicates


def _hashes(split: str, values: list[int]) -> Hashes:
    ids = [f"{split}/{number}" for number in range(len(values))]
    return Hashes(ids, np.array(values, dtype=np.uint64))


def test_pairs_across_splits_within_the_distance_are_found_most_alike_first() -> None:
    splits = {
        "train": _hashes("train", [0, 2**64 - 1]),
        "test": _hashes("test", [0b111, 0b11111, 2**64 - 1]),
    }
    assert near_duplicates(splits) == [
        NearDuplicate("train/1", "test/2", 0),
        NearDuplicate("train/0", "test/0", 3),
    ]


def test_pairs_within_one_split_are_no_leak() -> None:
    splits = {"train": _hashes("train", [5, 5, 5]), "test": _hashes("test", [])}
    assert near_duplicates(splits) == []


def test_the_block_wise_search_finds_what_a_plain_loop_finds() -> None:
    generator = np.random.default_rng(7)
    splits = {
        name: _hashes(name, generator.integers(0, 2**12, size=count).tolist())
        for name, count in {"train": 600, "validation": 40, "test": 50}.items()
    }
    expected = {
        (first.ids[i], second.ids[j], (int(a) ^ int(b)).bit_count())
        for first, second in combinations(splits.values(), 2)
        for i, a in enumerate(first.values)
        for j, b in enumerate(second.values)
        if (int(a) ^ int(b)).bit_count() <= 2
    }
    assert {tuple(pair) for pair in near_duplicates(splits, max_distance=2)} == expected
    assert len(expected) > 100
