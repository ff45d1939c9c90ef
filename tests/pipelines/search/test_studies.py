"""How a search goes on, and which study it commits."""

from dataclasses import replace

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from core.search.repetition import agreements, repeatable
from core.search.spaces import BD_RATE, DECODER_WORK
from core.search.storage import live_path, open_storage, sqlite_url
from core.search.study_reading import read_study
from core.search.trial_previews import TrialPreviews
from core.training_records.previews import PREVIEWS
from pipelines.base import UserError
from pipelines.search.step import run_search
from tests.pipelines.search.search_objectives import (
    cheap,
    cheap_pair,
    slow,
    study_at,
    with_previews,
)
from tests.pipelines.search.small_studies import config, states
from tests.pipelines.search.thread_workers import work_in_threads

# Threads have one list of filters, which the search changes for what Optuna calls experimental.
pytestmark = pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")


@pytest.fixture(autouse=True)
def _in_threads(monkeypatch):
    """Processes are a matter of `test_workers` and `test_command`."""
    work_in_threads(monkeypatch)


def complete_numbers(store):
    trials = read_study(store, "ae80").trials
    return [trial.number for trial in trials if trial.state == "complete"]


@pytest.mark.slow
def test_a_search_finishes_its_trials_and_commits_the_study(store, capsys):
    run_search(config(), store, cheap)
    found = read_study(store, "ae80")
    assert found.counts["complete"] == 4
    assert not found.is_live
    output = capsys.readouterr()
    assert "4/4" in output.err
    assert f"Wrote {store.root}/studies/ae80.db (4 trials)." in output.out
    facts = store.manifest("studies/ae80").facts
    assert [trial["values"] for trial in facts["best"]] == [[found.best.value]]
    assert facts["budget"]["images"] == 6
    assert facts["dataset"]["sha256"] == store.manifest("datasets/imagenette160").facts["sha256"]


@pytest.mark.slow
def test_the_first_trial_is_the_optimum_of_the_thesis(store):
    run_search(config(trials=1), store, cheap)
    record = read_study(store, "ae80")
    assert dict(record.trials[0].params) == record.attributes["thesis"]
    assert record.trials[0].attributes["origin"] == "optimum of the thesis"


@pytest.mark.slow
def test_a_search_with_two_objectives_keeps_its_front_and_goes_on(store, capsys):
    wanted = {"model": "ae40_rd", "workers": 2}
    run_search(config(**wanted, trials=6), store, cheap_pair)
    run_search(config(**wanted, trials=9), store, cheap_pair)
    found = read_study(store, "ae40_rd")
    assert found.counts["complete"] == 9
    assert found.directions == ("minimize", "minimize")
    assert found.objectives == (BD_RATE.name, DECODER_WORK.name)
    assert found.trials[0].attributes["origin"] == "start of the search"
    assert found.budget["batch"] == 16
    facts = store.manifest("studies/ae40_rd").facts
    assert [trial["number"] for trial in facts["best"]] == [trial.number for trial in found.front]
    assert "on the front" in capsys.readouterr().err


@pytest.mark.slow
def test_a_second_run_goes_on_to_the_number_asked_for_in_total(store):
    run_search(config(trials=2), store, cheap)
    before = read_study(store, "ae80").trials
    run_search(config(trials=5), store, cheap)
    assert read_study(store, "ae80").trials[:2] == before
    assert states(store) == ["complete"] * 5


@pytest.mark.slow
def test_a_finished_search_starts_no_worker_and_keeps_its_study(store, capsys):
    run_search(config(trials=2), store, cheap)
    run_search(config(trials=2), store, slow)
    assert states(store) == ["complete"] * 2
    assert "2 of 2 trials are finished already" in capsys.readouterr().err


@pytest.mark.slow
def test_a_clone_goes_on_from_the_committed_study(store):
    run_search(config(trials=2), store, cheap)
    live_path(store, "ae80").unlink()
    run_search(config(trials=3), store, cheap)
    assert states(store) == ["complete"] * 3


@pytest.mark.slow
def test_trials_of_another_budget_are_not_mixed_in(store):
    run_search(config(trials=1), store, cheap)
    with pytest.raises(UserError, match="made with epochs 1; received 2"):
        run_search(config(trials=2, epochs=2), store, cheap)
    assert states(store) == ["complete"]
    run_search(config(trials=1, epochs=2, restart=True, replace=True), store, cheap)
    assert read_study(store, "ae80").budget["epochs"] == 2


@pytest.mark.slow
def test_the_previews_of_all_workers_are_packed_beside_the_study(store, capsys):
    run_search(config(workers=2), store, with_previews)
    assert f"Wrote {store.root}/strips/ae80.png (previews of 4 trials)." in capsys.readouterr().out
    # Two workers may both begin the last trial; the one too many is not run.
    numbers = complete_numbers(store)
    assert store.manifest("strips/ae80").facts[PREVIEWS] == numbers
    found = TrialPreviews(store, "ae80").read(read_study(store, "ae80").trials)
    assert {number: preview.max() for number, preview in found.items()} == {
        number: number for number in numbers
    }
    run_search(config(trials=5), store, with_previews)
    assert store.manifest("strips/ae80").facts[PREVIEWS] == complete_numbers(store)
    assert len(complete_numbers(store)) == 5


@pytest.mark.slow
def test_a_study_that_starts_anew_has_no_previews_of_the_one_before(store):
    run_search(config(trials=2), store, with_previews)
    TrialPreviews(store, "ae80").save(np.zeros((64, 384, 3), np.uint8), number=7, started=None)
    run_search(config(trials=1, restart=True, replace=True), store, cheap)
    assert store.keys("strips/") == []
    assert store.keys("cache/") == []


@pytest.mark.slow
@pytest.mark.parametrize("lost", ["an empty storage", "a restart", "an older live database"])
def test_a_committed_study_is_not_replaced_by_one_that_lacks_its_trials(store, tmp_path, lost):
    run_search(config(trials=1), store, cheap)
    older = live_path(store, "ae80").read_bytes()
    run_search(config(trials=3), store, cheap)
    before = store.manifest("studies/ae80")
    other = config(trials=1)
    if lost == "an empty storage":
        other = replace(other, storage=f"sqlite:///{tmp_path / 'shared.db'}")
    elif lost == "a restart":
        other = replace(other, restart=True)
    else:
        live_path(store, "ae80").write_bytes(older)
    with pytest.raises(UserError, match=r"has \d finished trials.*--name NAME.*--replace"):
        run_search(other, store, cheap)
    assert store.manifest("studies/ae80") == before
    if lost == "a restart":
        assert states(store) == ["complete"] * 3
    run_search(replace(other, replace=True), store, cheap)
    assert states(store) == ["complete"]


@pytest.mark.slow
def test_a_study_of_a_persons_own_lies_beside_the_shipped_one(store):
    run_search(config(trials=2), store, with_previews)
    before = [store.manifest(key) for key in ("studies/ae80", "strips/ae80")]
    run_search(config(trials=1, name="mine"), store, cheap)
    assert [store.manifest(key) for key in ("studies/ae80", "strips/ae80")] == before
    facts = store.manifest("studies/mine").facts
    assert (facts["model"], facts["architecture"]) == ("mine", "ae80")
    assert len(read_study(store, "mine").trials) == 1
    run_search(config(trials=2, name="mine"), store, cheap)
    assert len(read_study(store, "mine").trials) == 2


@pytest.mark.slow
def test_a_damaged_study_starts_anew_as_its_error_advises(store, capsys):
    run_search(config(trials=2), store, cheap)
    live_path(store, "ae80").unlink()
    (store.root / "studies/ae80.db").write_bytes(b"damaged")
    run_search(config(trials=1), store, cheap)
    assert "the study starts anew" in capsys.readouterr().out
    assert states(store) == ["complete"]


@pytest.mark.slow
def test_trials_of_another_data_set_are_not_mixed_in(store):
    run_search(config(trials=1), store, cheap)
    study = study_at(live_path(store, "ae80"))
    study.set_user_attr("dataset_sha256", "0" * 64)
    with pytest.raises(UserError, match="another data set"):
        run_search(config(trials=2), store, cheap)


@pytest.mark.slow
def test_the_best_trials_of_a_search_are_trained_again_on_another_budget(store, capsys):
    run_search(config(trials=6), store, cheap)
    search = read_study(store, "ae80")
    again = {"name": "longer", "repeat": "ae80", "epochs": 2, "workers": 2}
    run_search(config(**again, trials=4), store, cheap)
    run_search(config(**again | {"repeat": None}, trials=5), store, cheap)
    found = read_study(store, "longer")
    assert (found.repeats, found.model, found.budget["epochs"]) == ("ae80", "ae80", 2)
    # Two workers may both begin the last trial; the one too many is not run.
    assert states(store, "longer").count("complete") == 5
    wanted = repeatable(search)[:5]
    assert {trial.attributes["repeated_trial"] for trial in found.finite} == {
        trial.number for trial in wanted
    }
    (agreement,) = agreements([search, found])
    assert agreement.correlation == pytest.approx(1.0)
    assert "the complete trials of ae80" in store.manifest("studies/longer").facts["sampler"]


@pytest.mark.slow
def test_a_repeated_trial_that_was_given_up_is_asked_for_again(store):
    run_search(config(trials=3), store, cheap)
    again = config(name="longer", repeat="ae80", trials=2)
    run_search(again, store, cheap)
    study = optuna.load_study(
        study_name="longer", storage=open_storage(sqlite_url(live_path(store, "longer")))
    )
    number = repeatable(read_study(store, "ae80"))[2].number
    study.enqueue_trial({}, user_attrs={"repeated_trial": number})
    study.tell(study.ask(), state=TrialState.FAIL)
    run_search(replace(again, trials=3), store, cheap)
    found = read_study(store, "longer")
    assert len({trial.attributes["repeated_trial"] for trial in found.finite}) == 3


@pytest.mark.slow
def test_a_repetition_goes_on_with_what_was_queued_unless_more_is_asked_for(store):
    run_search(config(trials=3), store, cheap)
    again = config(name="longer", repeat="ae80", trials=2)
    run_search(again, store, cheap)
    run_search(replace(again, trials=None), store, cheap)
    assert states(store, "longer") == ["complete"] * 2
    run_search(replace(again, repeat=None, trials=None), store, cheap)
    assert states(store, "longer") == ["complete"] * 2
    run_search(replace(again, name="whole", trials=None), store, cheap)
    assert states(store, "whole") == ["complete"] * 3


@pytest.mark.slow
def test_a_search_goes_on_with_the_seed_that_it_began_with(store):
    run_search(config(trials=2, seed=5), store, cheap)
    run_search(config(trials=4), store, cheap)
    run_search(config(trials=4, seed=5, name="at_once"), store, cheap)
    chosen = [
        [trial.params for trial in read_study(store, name).trials] for name in ("ae80", "at_once")
    ]
    assert chosen[0] == chosen[1]
    assert store.manifest("studies/ae80").facts["sampler"].endswith("seed 5")
    with pytest.raises(UserError, match=r"made with seed 5; received 6\. Give the study's own"):
        run_search(config(trials=5, seed=6), store, cheap)


#: Further flags, and what is said of them.
NOT_REPEATED = (
    ({"repeat": "ae80", "trials": 3}, "has 2 complete trials to repeat; received --trials 3"),
    ({"repeat": "ae80", "model": "ae40"}, "searched ae80 by Score; what can be repeated"),
    ({"repeat": "ae40", "model": "ae40", "name": "mine", "trials": 1}, "not repeat ae40"),
)


@pytest.mark.slow
def test_what_cannot_be_repeated_is_refused_and_leaves_no_study(store):
    run_search(config(trials=2), store, cheap)
    run_search(config(trials=1, model="ae40"), store, cheap)
    run_search(config(trials=1, model="ae40", name="mine"), store, cheap)
    before = store.keys("studies/")
    for more, message in NOT_REPEATED:
        with pytest.raises(UserError, match=message):
            run_search(config(**{"name": "longer", "trials": 2} | more), store, cheap)
        assert store.keys("studies/") == before
    run_search(config(name="longer", trials=1), store, cheap)
    assert read_study(store, "longer").repeats is None


def test_a_repetition_needs_a_name_of_its_own():
    with pytest.raises(ValueError, match="--repeat ae80 needs a --name of its own"):
        config(repeat="ae80")
