import optuna
import pytest

from core.models import get_model
from core.search.spaces import get_space, spaces

THESIS_FILTERS = {
    "ae80": ((16, 32, 64),),
    "ae40": ((32,), (32, 64)),
    "ae20": ((32,), (32, 64), (32, 64, 128)),
}


def suggestions(space, count=60):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    return [space.suggest(study.ask()) for _ in range(count)]


def test_every_autoencoder_of_the_thesis_has_its_space():
    assert {name: space.filters for name, space in spaces().items()} == THESIS_FILTERS


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
    with pytest.raises(ValueError, match="'ae99'; there are ae20, ae40, ae80"):
        get_space("ae99")
