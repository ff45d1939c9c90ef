from dashboard.views.trials.tables import TrialFilter
from tests.dashboard.views.trials.trial_records import trial


def test_a_filter_without_bounds_lets_every_trial_pass():
    trials = [trial(0, 1.0), trial(1, state="fail"), trial(2, state="waiting", params={})]
    assert TrialFilter().matching(trials) == trials


def test_bounds_of_value_parameter_and_choice_each_keep_trials_out():
    trials = [trial(number, float(number)) for number in range(4)]
    assert [t.number for t in TrialFilter(values=(1, 2)).matching(trials)] == [1, 2]
    ranges = {"learning_rate": (0.0025, 0.1)}
    assert [t.number for t in TrialFilter(ranges=ranges).matching(trials)] == [2, 3]
    assert TrialFilter(choices={"activation": ["leaky_relu"]}).matching(trials) == []
    assert TrialFilter(states=("pruned",)).matching(trials) == []


def test_a_trial_without_a_value_passes_a_range_of_values():
    waiting = trial(1, state="pruned")
    assert TrialFilter(values=(5, 6)).matching([trial(0, 1.0), waiting]) == [waiting]
