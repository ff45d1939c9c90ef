from datetime import datetime, timedelta

import numpy as np
import pytest

from core.search.studies import ORIGIN, StudyRecord, TrialRecord
from core.search.trial_strips import MOST_PACKED, TrialStrips
from core.store import ArtifactStore, DamagedArtifact
from core.training_records.strips import STRIPS, read_strips

BEGIN = datetime(2026, 11, 22, 12, 0, 0, 123456)


@pytest.fixture
def strips(tmp_path):
    return TrialStrips(ArtifactStore(tmp_path), "ae80")


def strip(seed):
    return np.random.default_rng(seed).integers(0, 256, (64, 384, 3), dtype=np.uint8)


def trial(number, *, value=None, state="complete", begun=BEGIN, **attributes):
    value = float(number) if value is None and state == "complete" else value
    reports = {1: 0.5 * number}
    started = begun + timedelta(minutes=number)
    return TrialRecord(number, state, value, {}, attributes, reports, started)


def study(*trials, direction="maximize"):
    return StudyRecord("ae80", (direction,), {}, trials)


def save(strips, *trials):
    for one in trials:
        strips.save(strip(one.number), number=one.number, started=one.started)


def same(found, numbers):
    assert list(found) == numbers
    for number in numbers:
        np.testing.assert_array_equal(found[number], strip(number))


def test_a_strip_is_read_while_the_search_runs_and_after_it_was_packed(strips):
    trials = [trial(0), trial(1, state="pruned"), trial(2)]
    save(strips, *trials)
    same(strips.read(trials), [0, 1, 2])
    manifest = strips.pack(study(*trials))
    assert manifest.facts[STRIPS] == [0, 1, 2]
    assert strips.store.keys("cache/") == []
    same(strips.read(trials), [0, 1, 2])
    same(strips.read(trials[2:]), [2])


def test_the_strip_of_a_later_epoch_takes_the_place_of_an_earlier_one(strips):
    one = trial(0)
    strips.save(strip(7), number=0, started=one.started)
    save(strips, one)
    same(strips.read([one]), [0])


def test_a_search_that_goes_on_adds_to_the_strips_that_were_packed(strips):
    first, second = trial(0), trial(1)
    save(strips, first)
    strips.pack(study(first))
    save(strips, second)
    strips.pack(study(first, second))
    same(read_strips(strips.store, strips.key).rows, [0, 1])


def test_a_search_that_added_nothing_leaves_the_artifact_as_it_was(strips):
    assert strips.pack(study(trial(0))) is None
    assert not strips.store.exists(strips.key)
    save(strips, trial(0))
    before = strips.pack(study(trial(0)))
    assert strips.pack(study(trial(0))) is None
    assert strips.store.manifest(strips.key) == before


def test_the_optimum_of_the_thesis_and_the_best_trials_are_packed_when_there_are_too_many(strips):
    thesis = trial(0, value=-5.0, **{ORIGIN: "optimum of the thesis"})
    pruned = trial(1, state="pruned")
    others = [trial(number) for number in range(2, MOST_PACKED + 3)]
    save(strips, thesis, pruned, *others)
    strips.pack(study(thesis, pruned, *others))
    kept = list(read_strips(strips.store, strips.key).rows)
    assert len(kept) == MOST_PACKED
    assert kept == [0, *range(4, MOST_PACKED + 3)]
    assert strips.store.keys("cache/") == []


def test_where_less_is_better_the_least_are_packed(strips):
    trials = [trial(number) for number in range(MOST_PACKED + 2)]
    save(strips, *trials)
    strips.pack(study(*trials, direction="minimize"))
    assert list(read_strips(strips.store, strips.key).rows) == list(range(MOST_PACKED))


def test_strips_of_running_trials_stay_apart_and_those_of_failed_ones_go(strips):
    trials = [trial(0), trial(1, state="running"), trial(2, state="fail")]
    save(strips, *trials)
    strips.pack(study(*trials))
    assert list(read_strips(strips.store, strips.key).rows) == [0]
    assert strips.store.keys("cache/") == ["cache/search/ae80/1"]


def test_a_trial_of_the_same_number_in_another_study_is_another_trial(strips):
    old, new = trial(0), trial(0, begun=BEGIN + timedelta(days=1))
    save(strips, old)
    assert strips.read([new]) == {}
    strips.pack(study(old))
    assert strips.read([new]) == {}
    save(strips, trial(1))
    strips.pack(study(new, trial(1)))
    assert list(read_strips(strips.store, strips.key).rows) == [1]


def test_a_trial_that_was_trained_elsewhere_has_no_strip(strips):
    save(strips, trial(0))
    same(strips.read([trial(0), trial(1)]), [0])
    assert TrialStrips(strips.store, "ae40").read([trial(0)]) == {}


def test_all_strips_of_a_study_can_be_forgotten(strips):
    save(strips, trial(0))
    strips.pack(study(trial(0)))
    save(strips, trial(1))
    strips.forget()
    assert strips.read([trial(0), trial(1)]) == {}
    assert strips.store.keys() == []


def test_a_damaged_strip_is_named_to_a_reader_and_left_out_of_the_pack(strips, tmp_path):
    trials = [trial(0), trial(1)]
    save(strips, *trials)
    (tmp_path / "cache" / "search" / "ae80" / "0.png").write_bytes(b"no image")
    with pytest.raises(DamagedArtifact, match=r"cache/search/ae80/0\.png"):
        strips.read(trials)
    strips.pack(study(*trials))
    same(read_strips(strips.store, strips.key).rows, [1])
