import optuna
import pytest
from optuna.trial import TrialState, create_trial

from core.search.queue import (
    SurplusTrial,
    TrialSeededSampler,
    check_wanted,
    finished_count,
    is_exhausted,
    make_pruner,
    may_begin,
    requeue,
    requeue_lost_trials,
    requeue_stopped,
)
from core.search.storage import close_storage, open_storage, sqlite_url
from core.search.studies import REPEATED_TRIAL, REPEATS, to_trial_record

RATE = optuna.distributions.FloatDistribution(1e-4, 1e-2, log=True)


def study_of(*states):
    study = optuna.create_study(direction="maximize")
    for state in states:
        value = 1.0 if state is TrialState.COMPLETE else None
        study.add_trial(
            create_trial(
                state=state, value=value, params={"rate": 1e-3}, distributions={"rate": RATE}
            )
        )
    return study


def objective(trial):
    width = trial.suggest_categorical("width", (16, 32, 64))
    return trial.suggest_float("rate", 1e-4, 1e-2, log=True) * width


def choices(study):
    return [tuple(sorted(trial.params.items())) for trial in study.trials]


def searched(*, runs, seed=0):
    study = optuna.create_study(direction="maximize")
    for trials in runs:
        study.sampler = TrialSeededSampler(seed)
        study.optimize(objective, n_trials=trials)
    return study


def test_pruned_trials_count_and_failed_ones_do_not():
    assert finished_count(study_of(TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)) == 2


def test_a_worker_begins_no_trial_while_others_make_up_the_number():
    study = study_of(TrialState.COMPLETE, TrialState.RUNNING)
    assert may_begin(study, 3)
    assert not may_begin(study, 2)


def test_a_waiting_trial_is_always_begun():
    assert may_begin(study_of(TrialState.COMPLETE, TrialState.WAITING), 1)


def test_a_failed_trial_leaves_its_place_to_another():
    assert may_begin(study_of(TrialState.FAIL), 1)


def test_of_two_trials_begun_for_one_place_the_later_one_gives_up():
    study = study_of(TrialState.COMPLETE)
    first, second = study.ask(), study.ask()
    check_wanted(study, first, 2)
    with pytest.raises(SurplusTrial, match="the 2 trials that were asked for"):
        check_wanted(study, second, 2)


def test_a_search_in_two_runs_makes_the_choices_of_one():
    assert choices(searched(runs=(6, 9))) == choices(searched(runs=(15,)))


def test_no_two_trials_of_a_resumed_search_are_drawn_from_the_same_random_numbers():
    rates = [trial.params["rate"] for trial in searched(runs=(4, 4)).trials]
    assert len(set(rates)) == 8


def test_another_seed_makes_other_choices():
    assert choices(searched(runs=(3,))) != choices(searched(runs=(3,), seed=1))


def test_the_sampler_finds_better_values_after_its_random_trials():
    values = [trial.value for trial in searched(runs=(40,)).trials]
    assert sum(values[-10:]) > 2 * sum(values[:10])


def test_the_pruner_ends_a_trial_that_stays_below_the_median():
    study = optuna.create_study(direction="maximize")
    study.pruner = make_pruner(study)
    for level in (10.0, 20.0, 30.0, 20.0, 20.0):
        trial = study.ask()
        for step in (1, 2):
            trial.report(level, step)
        study.tell(trial, level)
    trial = study.ask()
    trial.report(5.0, 1)
    assert not trial.should_prune()
    trial.report(5.0, 2)
    assert trial.should_prune()


def test_a_trial_cut_short_is_queued_again_with_its_parameters():
    study = study_of(TrialState.FAIL)
    requeue(study, 0)
    assert study.trials[1].state is TrialState.WAITING
    assert study.ask().suggest_float("rate", 1e-4, 1e-2, log=True) == 1e-3


def test_a_trial_cut_short_still_says_which_one_it_repeats():
    study = optuna.create_study(direction="maximize")
    study.enqueue_trial({"rate": 1e-3}, user_attrs={REPEATED_TRIAL: 7})
    study.tell(study.ask(), state=TrialState.FAIL)
    requeue(study, 0)
    trial = study.ask()
    assert trial.user_attrs[REPEATED_TRIAL] == 7
    assert trial.suggest_float("rate", 1e-4, 1e-2, log=True) == 1e-3


def test_a_trial_that_is_cut_short_again_and_again_is_given_up():
    study = study_of(TrialState.FAIL)
    for number in range(5):
        requeue(study, number) if number < len(study.trials) else None
        if len(study.trials) == number + 2:
            study.tell(study.ask(), state=TrialState.FAIL)
    assert len(study.trials) == 4


def test_a_trial_that_is_asked_to_stop_again_and_again_is_never_given_up():
    study = study_of(TrialState.FAIL)
    for number in range(5):
        requeue_stopped(study, number)
        study.tell(study.ask(), state=TrialState.FAIL)
    assert [trial.params for trial in study.trials] == [{"rate": 1e-3}] * 6
    assert {to_trial_record(trial).retry_of for trial in study.trials[1:]} == {0}
    # The stops before are not counted as deaths of its worker.
    requeue(study, 5)
    assert len(study.get_trials(states=(TrialState.WAITING,))) == 1


def test_a_trial_whose_worker_died_before_its_first_heartbeat_is_queued_again(tmp_path):
    storage = open_storage(sqlite_url(tmp_path / "study.db"), heartbeat_seconds=1)
    study = optuna.create_study(study_name="s", storage=storage, direction="maximize")
    study.enqueue_trial({"rate": 2e-3})
    with pytest.warns(UserWarning, match="Heartbeat"):
        study.ask().suggest_float("rate", 1e-4, 1e-2)
    requeue_lost_trials(study, storage)
    assert [trial.state for trial in study.trials] == [TrialState.RUNNING]
    storage.grace_period = -1
    requeue_lost_trials(study, storage)
    assert [trial.state for trial in study.trials] == [TrialState.FAIL, TrialState.WAITING]
    study.optimize(lambda trial: trial.suggest_float("rate", 1e-4, 1e-2), n_trials=1)
    assert study.trials[1].value == 2e-3
    close_storage(storage)


def test_a_repetition_begins_queued_trials_alone_and_ends_without_any():
    study = study_of(TrialState.COMPLETE, TrialState.FAIL)
    assert may_begin(study, 2)
    assert not is_exhausted(study)
    study.set_user_attr(REPEATS, "ae80")
    assert not may_begin(study, 2)
    assert is_exhausted(study)
    study.enqueue_trial({"rate": 1e-3})
    assert may_begin(study, 2)
    assert not is_exhausted(study)


def test_no_trial_of_a_repetition_is_ended_early():
    study = optuna.create_study(direction="maximize")
    study.set_user_attr(REPEATS, "ae80")
    assert isinstance(make_pruner(study), optuna.pruners.NopPruner)
