"""What a search refuses before anything is stored, and what it goes on with; nothing is trained."""

from contextlib import contextmanager
from dataclasses import asdict

import optuna
import pytest
from optuna.trial import create_trial

from core.dataset.splits import KEY
from core.search.budget import Budget
from core.search.spaces import get_space
from core.search.storage import (
    close_storage,
    commit_study,
    live_path,
    open_storage,
    sqlite_url,
)
from core.search.studies import to_record
from pipelines.base import UserError
from pipelines.search.config import Config
from pipelines.search.step import run_search
from pipelines.search.study import open_live_storage, open_study
from tests.pipelines.search.search_objectives import cheap
from tests.pipelines.search.small_studies import config

SMALL = Budget(images=6, validation_images=4, epochs=1)


@contextmanager
def opened(wanted, store):
    """The study that a search would work on, and the budget of its trials."""
    url = sqlite_url(live_path(store, wanted.study_name))
    storage = open_live_storage(wanted, store, url)
    try:
        dataset = store.manifest(KEY).facts["sha256"]
        yield open_study(wanted, store, storage, get_space(wanted.model), dataset)
    finally:
        close_storage(storage)


def budget_of(wanted, store):
    with opened(wanted, store) as (_, budget):
        return budget


def names(store, name):
    """Names of the studies in a live database."""
    storage = open_storage(sqlite_url(live_path(store, name)))
    found = optuna.get_all_study_names(storage)
    close_storage(storage)
    return found


def commit_trial(store, wanted, **attributes):
    """A committed study with one complete trial, and other attributes than it was made with."""
    with opened(wanted, store) as (study, _):
        thesis = get_space(wanted.model).first
        ranges = {
            name: optuna.distributions.CategoricalDistribution([value])
            for name, value in thesis.items()
        }
        study.add_trial(create_trial(params=thesis, distributions=ranges, value=1.0))
        for name, value in attributes.items():
            study.set_user_attr(name, value)
    storage = open_storage(sqlite_url(live_path(store, wanted.study_name)))
    commit_study(store, wanted.study_name, storage, facts={})
    close_storage(storage)


@pytest.mark.parametrize("model", ["ae20", "ae80_rd"])
def test_a_study_of_another_model_gets_no_trial(store, model):
    budget_of(config(name="mine"), store)
    with (
        pytest.raises(UserError, match=f"mine is of the model ae80; received {model}. Search"),
        opened(config(model=model, name="mine"), store),
    ):
        pass


def test_a_committed_study_of_another_model_is_not_gone_on_with(store):
    commit_trial(store, config())
    live_path(store, "ae80").unlink()
    with pytest.raises(UserError, match="ae80 is of the model ae80; received ae40"):
        budget_of(config(model="ae40", name="ae80"), store)
    assert budget_of(config(), store) == SMALL


def test_a_study_of_other_objectives_gets_no_trial_for_each_would_fail(store):
    path = live_path(store, "mine")
    path.parent.mkdir(parents=True)
    storage = open_storage(sqlite_url(path))
    optuna.create_study(study_name="mine", storage=storage, direction="maximize")
    close_storage(storage)
    with pytest.raises(UserError, match="made to maximize; a search of ae80_rd has to minimize"):
        budget_of(config(model="ae80_rd", name="mine"), store)
    # What was begun and not described yet, as by a killed search, goes on.
    assert budget_of(config(name="mine"), store) == SMALL


def test_a_study_of_few_images_goes_on_and_is_repeated_without_its_flags(
    store, monkeypatch, capsys
):
    monkeypatch.setattr("pipelines.search.step._supervise", lambda *given: None)
    commit_trial(store, config())
    for wanted in (Config(model="ae80"), Config(model="ae80", name="longer", repeat="ae80")):
        run_search(wanted, store, cheap)
        assert store.manifest(f"studies/{wanted.study_name}").facts["budget"] == asdict(SMALL)
    assert budget_of(Config(model="ae80", name="longer"), store) == SMALL
    assert "studies/longer.db (1 trial)." in capsys.readouterr().out


def test_a_study_of_one_trial_is_not_repeated_twice(store):
    commit_trial(store, config())
    with pytest.raises(UserError, match="has 1 complete trial to repeat; received --trials 2"):
        budget_of(config(name="longer", repeat="ae80", trials=2), store)


def test_a_study_knows_its_data_set_by_the_name_that_it_last_had(store):
    for _ in range(2):
        with opened(config(name="mine"), store) as (study, _):
            assert to_record(study).dataset == "imagenette160"
            assert study.user_attrs["dataset"] == "imagenette160"
            study.set_user_attr("dataset", "renamed")


def test_a_repetition_of_more_images_than_there_are_is_refused_and_not_stored(store):
    commit_trial(store, config(), budget={"images": 99, "validation_images": 4, "epochs": 1})
    with pytest.raises(UserError, match=r"The train split has 9 images; received 99\."):
        budget_of(Config(model="ae80", name="longer", repeat="ae80"), store)
    assert names(store, "longer") == []
    fewer = Config(model="ae80", name="longer", repeat="ae80", images=6)
    assert budget_of(fewer, store) == SMALL


def test_a_study_on_another_data_set_is_not_repeated(store):
    commit_trial(store, config(), dataset_sha256="0" * 64)
    with pytest.raises(UserError, match=r"ae80 was made on another data set \(sha256 0+;"):
        budget_of(Config(model="ae80", name="longer", repeat="ae80"), store)
    assert names(store, "longer") == []


def test_a_restart_that_is_refused_leaves_the_committed_study_to_go_on_from(store):
    commit_trial(store, config())
    live_path(store, "ae80").unlink()
    with pytest.raises(UserError, match=r"has 1 finished trial that .* with --replace"):
        budget_of(config(restart=True), store)
    with opened(config(), store) as (study, _):
        assert len([trial for trial in study.trials if trial.value == 1.0]) == 1


def test_a_study_on_a_data_set_of_another_name_says_which(store):
    with opened(config(name="mine"), store) as (study, _):
        study.set_user_attr("dataset", "other")
        study.set_user_attr("dataset_sha256", "0" * 64)
    with pytest.raises(UserError, match=r"another data set .*\. Give --dataset other\.$"):
        budget_of(config(name="mine"), store)


def test_a_study_of_another_search_space_is_refused_before_a_worker_begins(store):
    with opened(config(name="mine"), store) as (study, _):
        wider = {**study.user_attrs["space"], "filters": [[16, 512]]}
        study.set_user_attr("space", wider)
    with pytest.raises(
        UserError, match=r"another search space: filters was \[\[16, 512\]\] and is"
    ):
        budget_of(config(name="mine"), store)


def killed_while_described(monkeypatch, wanted, store):
    def die(*given):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(optuna.Study, "set_metric_names", die)
        with pytest.raises(KeyboardInterrupt):
            budget_of(wanted, store)


def test_a_search_killed_while_its_study_is_described_begins_whole(store, monkeypatch):
    killed_while_described(monkeypatch, config(name="mine"), store)
    for _ in range(2):
        with opened(config(name="mine"), store) as (study, budget):
            assert budget == SMALL
            assert study.metric_names == ["Score"]
            (queued,) = study.trials
            assert queued.user_attrs["origin"] == "optimum of the thesis"


def test_a_repetition_killed_while_it_is_described_stays_one(store, monkeypatch):
    commit_trial(store, config())
    killed_while_described(
        monkeypatch, Config(model="ae80", name="longer", repeat="ae80", epochs=2), store
    )
    with opened(Config(model="ae80", name="longer"), store) as (study, budget):
        assert study.user_attrs["repeats"] == "ae80"
        assert budget == SMALL
        (queued,) = study.trials
        assert "repeated_trial" in queued.user_attrs
