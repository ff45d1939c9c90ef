from dataclasses import asdict, replace

import optuna
import pytest

from core.models import get_model
from core.search.published import trial_of_model
from core.search.spaces import get_space, spaces
from core.search.studies import StudyRecord, TrialRecord

THESIS_FILTERS = {
    "ae80": ((16, 32, 64),),
    "ae40": ((32,), (32, 64)),
    "ae20": ((32,), (32, 64), (32, 64, 128)),
}


def suggestions(space, count=60):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    return [space.suggest(study.ask()) for _ in range(count)]


def test_every_autoencoder_of_the_thesis_has_its_space():
    found = {name: space.filters for name, space in spaces().items() if space.thesis}
    assert found == THESIS_FILTERS


@pytest.mark.parametrize("name", ["ae20_rd", "ae40_rd", "ae80_rd"])
def test_whatever_a_search_for_rate_suggests_is_a_network_that_can_be_built(name):
    space, config = get_space(name), get_model(name).config
    found = [replace(config, **choice) for choice in suggestions(space)]
    assert {choice.kernel for choice in found} == {3, 5}
    assert {choice.channels for choice in found} == set(space.channels)
    assert space.batch == config.batch


@pytest.mark.parametrize("name", ["ae20_rd", "ae40_rd", "ae80_rd"])
def test_a_search_for_rate_begins_at_the_published_configuration(name):
    space, config = get_space(name), get_model(name).config
    chosen = space.suggest(optuna.trial.FixedTrial(space.first))
    assert chosen == {field: getattr(config, field) for field in chosen}
    assert [objective.direction for objective in space.objectives] == ["minimize", "minimize"]


@pytest.mark.parametrize("name", THESIS_FILTERS)
def test_every_choice_of_filters_occurs_and_no_other(name):
    found = suggestions(get_space(name))
    for layer, expected in enumerate(THESIS_FILTERS[name]):
        assert {choice["filters"][layer] for choice in found} == set(expected)


def test_learning_rates_fill_their_range_evenly_on_a_logarithmic_scale():
    rates = [choice["learning_rate"] for choice in suggestions(get_space("ae80"), 400)]
    assert 1e-4 <= min(rates) < 1.2e-4
    assert 8e-3 < max(rates) <= 1e-2
    assert 0.4 < sum(rate < 1e-3 for rate in rates) / 400 < 0.6


def test_both_activations_are_tried():
    found = {choice["activation"] for choice in suggestions(get_space("ae40"))}
    assert found == {"relu", "leaky_relu"}


@pytest.mark.parametrize("name", THESIS_FILTERS)
def test_the_optimum_of_the_thesis_is_what_the_model_is_trained_with(name):
    space, config = get_space(name), get_model(name).config
    chosen = space.suggest(optuna.trial.FixedTrial(space.thesis))
    assert chosen == {field: getattr(config, field) for field in chosen}


def test_a_model_without_a_space_is_answered_with_those_that_have_one():
    with pytest.raises(ValueError, match="'ae99'; there are ae20, ae20_rd, ae40, ae40_rd, ae80, "):
        get_space("ae99")


@pytest.mark.parametrize("name", sorted(spaces()))
def test_a_model_is_found_among_the_trials_by_the_values_that_it_was_trained_with(name):
    config = asdict(replace(get_model(name).config, learning_rate=0.00314))
    values = get_space(name).parameters_of(config)
    trials = (
        TrialRecord(0, "complete", 3.0, {**values, "learning_rate": 0.0033}),
        TrialRecord(1, "fail", None, values),
        TrialRecord(2, "complete", 2.0, {**values, "learning_rate": 0.0031419}),
    )
    study = StudyRecord(name, ("maximize",), {}, trials)
    assert trial_of_model(study, config) is trials[2]
    assert trial_of_model(study, {**config, "activation": "gelu"}) is None
    assert trial_of_model(study, {"learning_rate": 0.00314}) is None
    assert trial_of_model(replace(study, name="mine"), config) is None
