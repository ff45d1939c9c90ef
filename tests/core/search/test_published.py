"""Which trials have the values of published models."""

from core.search.published import published_models, published_trial, trial_of_model
from core.search.spaces import get_space
from core.search.studies import StudyRecord, TrialRecord
from core.store import ArtifactStore

FIRST = get_space("ae20_rd").first


def study(*rates, name="ae20_rd"):
    trials = tuple(
        TrialRecord(number, "complete", 1.0, {**FIRST, "learning_rate": rate})
        for number, rate in enumerate(rates)
    )
    return StudyRecord(name, ("minimize",), {"model": "ae20_rd"}, trials)


def config(rate):
    space = get_space("ae20_rd")
    return {**FIRST, "filters": list(space.filters_of(FIRST)), "learning_rate": rate}


def publish(store, name, rate):
    store.commit(f"models/{name}", {f"{name}.keras": b""}, facts={"config": config(rate)})


def test_a_model_that_the_command_of_a_trial_trained_is_found_beside_the_published_one(tmp_path):
    store, found = ArtifactStore(tmp_path), study(0.001, 0.002, 0.003)
    assert published_models(store, found) == ()
    publish(store, "ae20_rd_trial_2", 0.003)
    assert published_trial(store, found) is found.trials[2]
    publish(store, "ae20_rd", 0.001)
    models = published_models(store, found)
    assert [(model.name, model.trial.number, model.is_of_trial) for model in models] == [
        ("ae20_rd", 0, False),
        ("ae20_rd_trial_2", 2, True),
    ]


def test_a_published_model_without_a_trial_is_told_and_a_trial_of_another_search_is_not(tmp_path):
    store, found = ArtifactStore(tmp_path), study(0.001, 0.002)
    publish(store, "ae20_rd", 0.009)
    publish(store, "ae20_rd_trial_1", 0.005)
    publish(store, "mine_trial_1", 0.002)
    (model,) = published_models(store, found)
    assert (model.name, model.trial) == ("ae20_rd", None)
    assert published_trial(store, found) is None
    models = published_models(store, study(0.001, 0.002, name="mine"))
    assert [model.name for model in models] == ["ae20_rd", "mine_trial_1"]


def test_a_model_with_other_filters_in_a_layer_with_one_choice_is_not_that_trial():
    space = get_space("ae20")
    params = space.first
    trial = TrialRecord(0, "complete", 1.0, params, attributes={"filters": [32, 64, 128]})
    searched = StudyRecord("ae20", ("maximize",), {}, (trial,))
    wanted = {**params, "filters": [32, 64, 128]}
    assert trial_of_model(searched, wanted) is trial
    assert trial_of_model(searched, {**wanted, "filters": [8, 64, 128]}) is None
