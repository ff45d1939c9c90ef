from datetime import datetime, timedelta

import numpy as np
import pytest

from core.search.studies import ORIGIN, StudyRecord, TrialRecord
from core.search.trial_previews import MAX_PACKED, TrialPreviews
from core.store import ArtifactStore, DamagedArtifact
from core.training_records.previews import PREVIEWS, read_previews

BEGIN = datetime(2026, 11, 22, 12, 0, 0, 123456)


@pytest.fixture
def previews(tmp_path):
    return TrialPreviews(ArtifactStore(tmp_path), "ae80")


def preview(seed):
    return np.random.default_rng(seed).integers(0, 256, (64, 384, 3), dtype=np.uint8)


def trial(number, *, value=None, state="complete", begun=BEGIN, **attributes):
    value = float(number) if value is None and state == "complete" else value
    reports = {1: 0.5 * number}
    started = begun + timedelta(minutes=number)
    return TrialRecord(number, state, value, {}, attributes, reports, started)


def study(*trials, direction="maximize"):
    return StudyRecord("ae80", (direction,), {}, trials)


def save(previews, *trials):
    for one in trials:
        previews.save(preview(one.number), number=one.number, started=one.started)


def same(found, numbers):
    assert list(found) == numbers
    for number in numbers:
        np.testing.assert_array_equal(found[number], preview(number))


def test_a_preview_is_read_while_the_search_runs_and_after_it_was_packed(previews):
    trials = [trial(0), trial(1, state="pruned"), trial(2)]
    save(previews, *trials)
    same(previews.read(trials), [0, 1, 2])
    manifest = previews.pack(study(*trials))
    assert manifest.facts[PREVIEWS] == [0, 1, 2]
    assert previews.store.keys("cache/") == []
    same(previews.read(trials), [0, 1, 2])
    same(previews.read(trials[2:]), [2])


def test_the_preview_of_a_later_epoch_takes_the_place_of_an_earlier_one(previews):
    one = trial(0)
    previews.save(preview(7), number=0, started=one.started)
    save(previews, one)
    same(previews.read([one]), [0])


def test_a_search_that_goes_on_adds_to_the_previews_that_were_packed(previews):
    first, second = trial(0), trial(1)
    save(previews, first)
    previews.pack(study(first))
    save(previews, second)
    previews.pack(study(first, second))
    same(read_previews(previews.store, previews.key).rows, [0, 1])


def test_a_search_that_added_nothing_leaves_the_artifact_as_it_was(previews):
    assert previews.pack(study(trial(0))) is None
    assert not previews.store.exists(previews.key)
    save(previews, trial(0))
    before = previews.pack(study(trial(0)))
    assert previews.pack(study(trial(0))) is None
    assert previews.store.manifest(previews.key) == before


def test_the_optimum_of_the_thesis_and_the_best_trials_are_packed_when_there_are_too_many(previews):
    thesis = trial(0, value=-5.0, **{ORIGIN: "optimum of the thesis"})
    pruned = trial(1, state="pruned")
    others = [trial(number) for number in range(2, MAX_PACKED + 3)]
    save(previews, thesis, pruned, *others)
    previews.pack(study(thesis, pruned, *others))
    kept = list(read_previews(previews.store, previews.key).rows)
    assert len(kept) == MAX_PACKED
    assert kept == [0, *range(4, MAX_PACKED + 3)]
    assert previews.store.keys("cache/") == []


def test_where_less_is_better_the_least_are_packed(previews):
    trials = [trial(number) for number in range(MAX_PACKED + 2)]
    save(previews, *trials)
    previews.pack(study(*trials, direction="minimize"))
    assert list(read_previews(previews.store, previews.key).rows) == list(range(MAX_PACKED))


def test_previews_of_running_trials_stay_apart_and_those_of_failed_ones_go(previews):
    trials = [trial(0), trial(1, state="running"), trial(2, state="fail")]
    save(previews, *trials)
    previews.pack(study(*trials))
    assert list(read_previews(previews.store, previews.key).rows) == [0]
    assert previews.store.keys("cache/") == ["cache/search/ae80/1"]


def test_a_trial_of_the_same_number_in_another_study_is_another_trial(previews):
    old, new = trial(0), trial(0, begun=BEGIN + timedelta(days=1))
    save(previews, old)
    assert previews.read([new]) == {}
    previews.pack(study(old))
    assert previews.read([new]) == {}
    save(previews, trial(1))
    previews.pack(study(new, trial(1)))
    assert list(read_previews(previews.store, previews.key).rows) == [1]


def test_a_trial_that_was_trained_elsewhere_has_no_preview(previews):
    save(previews, trial(0))
    same(previews.read([trial(0), trial(1)]), [0])
    assert TrialPreviews(previews.store, "ae40").read([trial(0)]) == {}


def test_all_previews_of_a_study_can_be_forgotten(previews):
    save(previews, trial(0))
    previews.pack(study(trial(0)))
    save(previews, trial(1))
    previews.forget()
    assert previews.read([trial(0), trial(1)]) == {}
    assert previews.store.keys() == []


def test_a_damaged_preview_is_named_to_a_reader_and_left_out_of_the_pack(previews, tmp_path):
    trials = [trial(0), trial(1)]
    save(previews, *trials)
    (tmp_path / "cache" / "search" / "ae80" / "0.png").write_bytes(b"no image")
    with pytest.raises(DamagedArtifact, match=r"cache/search/ae80/0\.png"):
        previews.read(trials)
    previews.pack(study(*trials))
    same(read_previews(previews.store, previews.key).rows, [1])
