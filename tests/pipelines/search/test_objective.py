"""The objective of the search: one training, measured and noted."""

import math
from dataclasses import replace

import optuna
import pytest

from core.search.queue import Interrupted
from core.search.spaces import get_space
from core.search.studies import to_record
from core.search.trial_previews import TrialPreviews
from core.training_records.previews import preview_psnr_db
from pipelines.search.report import trial_line
from tests.pipelines.search.small_studies import BUDGET


@pytest.mark.slow
def test_the_objective_trains_and_notes_what_it_measured(store):
    from core.models.training.trial import make_objective
    from core.search.budget import Budget

    objective = make_objective("ae40", Budget(**{**BUDGET, "epochs": 2}), store)
    study = optuna.create_study(direction="maximize")
    study.enqueue_trial({"filters_2": 32, "activation": "relu", "learning_rate": 0.002})
    study.optimize(lambda trial: objective(trial, never), n_trials=1)
    trial = study.trials[0]
    notes = trial.user_attrs
    assert trial.value == pytest.approx(notes["psnr_db"] + notes["ssim"])
    assert 5 < notes["psnr_db"] < 40
    assert -1 <= notes["ssim"] <= 1
    assert notes["filters"] == [32, 32]
    assert notes["epochs"] == 2
    assert notes["diverged_epochs"] == 0
    assert notes["parameters"] > 10_000
    assert list(trial.intermediate_values) == [1, 2]
    assert trial.intermediate_values[2] == notes["psnr_db"]


@pytest.mark.parametrize(
    ("losses", "count"),
    [
        ([9.0, 4.0, 3.0], 0),
        ([9.0, 4.0, 8.0], 0),
        ([4.0, 8.1, 9.0, 3.0], 1),
        ([math.nan, math.inf, 3.0], 2),
    ],
)
def test_epochs_of_a_trial_diverge_as_those_of_a_training(losses, count):
    from core.models.training.trial import diverged_epochs

    assert diverged_epochs(losses) == count


@pytest.mark.slow
def test_a_trial_counts_the_epochs_that_diverged(store, monkeypatch):
    from core.models.autoencoder.network import Autoencoder
    from core.models.training.trial import make_objective
    from core.search.budget import Budget

    losses, fit = iter([1.0, 3.0]), Autoencoder.fit

    def rising(self, *given, **named):
        found = fit(self, *given, **named)
        found.history["loss"] = [next(losses)]
        return found

    monkeypatch.setattr(Autoencoder, "fit", rising)
    objective = make_objective("ae80", Budget(**{**BUDGET, "epochs": 2}), store)
    trial = optuna.create_study(direction="maximize").ask()
    objective(trial, never)
    assert trial.user_attrs["diverged_epochs"] == 1


@pytest.mark.slow
def test_a_pruned_trial_keeps_the_preview_of_its_last_finished_epoch(store):
    from core.models.training.trial import make_objective
    from core.search.budget import Budget

    study = optuna.create_study(
        direction="maximize", pruner=optuna.pruners.ThresholdPruner(lower=1000)
    )
    objective = make_objective("ae80", Budget(**{**BUDGET, "epochs": 3}), store)
    study.optimize(lambda trial: objective(trial, never), n_trials=1)
    (trial,) = to_record(study).trials
    assert (trial.state, trial.attributes["epochs"]) == ("pruned", 1)
    preview = TrialPreviews(store, "ae80").read([trial])[0]
    assert 3 < preview_psnr_db(preview) < 40
    assert "preview" not in " ".join(trial.attributes)


@pytest.mark.slow
def test_the_same_trial_gives_the_same_score_twice(store):
    from core.models.training.trial import make_objective
    from core.search.budget import Budget

    objective = make_objective("ae80", Budget(**BUDGET), store)
    study = optuna.create_study(direction="maximize")
    for _ in range(2):
        study.enqueue_trial({"filters_1": 16, "activation": "relu", "learning_rate": 0.002})
    scores = [objective(study.ask(), never) for _ in range(2)]
    assert scores[0] == pytest.approx(scores[1], rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_a_network_trained_for_rate_is_judged_by_bytes_and_work(store, precision):
    from core.models.training.trial import make_objective
    from core.search.budget import Budget

    budget = Budget(**BUDGET, batch=2, precision=precision)
    study = optuna.create_study(directions=["minimize", "minimize"])
    study.enqueue_trial({**get_space("ae20_rd").first, "channels": 96})
    objective = make_objective("ae20_rd", budget, store)
    study.optimize(lambda trial: objective(trial, never), n_trials=1)
    (trial,) = study.trials
    bd_rate, work = trial.values
    assert -90 < bd_rate < 1000
    # 3x3 kernels used once per input position: 96 to 128 channels at 1/64 of the pixels' number,
    # 128 to 64 at 1/16, 64 to 32 at 1/4, and 32 to 3 of the last convolution at every pixel.
    assert work == 9 * (96 * 128 / 64 + 128 * 64 / 16 + 64 * 32 / 4 + 32 * 3)
    assert 0 < trial.user_attrs["overlap"] <= 1
    assert trial.user_attrs["filters"] == [32, 64, 128]


@pytest.mark.slow
def test_a_network_whose_curve_meets_that_of_jpeg_nowhere_is_pruned_with_the_reason(store):
    from core.models.training.judges import RateJudge, Unjudged
    from core.models.training.trial import make_objective
    from core.search.budget import Budget

    judge = make_objective("ae20_rd", Budget(**BUDGET), store).judge
    assert isinstance(judge, RateJudge)

    class Worse:
        name = "worse"

        def evaluate(self, *given, **named):
            rates = {f"bits_per_pixel_{quality}": 9.0 + quality for quality in (1, 50, 100)}
            return rates | {f"psnr_db_{quality}": quality / 100 for quality in (1, 50, 100)}

    with pytest.raises(Unjudged, match="overlap"):
        judge(Worse())


@pytest.mark.slow
def test_the_reason_why_a_trial_has_no_value_is_kept(store):
    from core.models.training.judges import Unjudged
    from core.models.training.trial import make_objective
    from core.search.budget import Budget

    def refuse(network):
        raise Unjudged("the curves do not overlap")

    objective = replace(make_objective("ae80", Budget(**BUDGET), store), judge=refuse)
    study = optuna.create_study(direction="maximize")
    study.optimize(lambda trial: objective(trial, never), n_trials=1)
    (trial,) = to_record(study).trials
    assert trial.state == "pruned"
    assert trial.attributes["unjudged"] == "the curves do not overlap"
    assert trial_line(trial, study.metric_names or ()).count("no value: the curves do not overlap")


def never():
    return False


@pytest.mark.slow
def test_a_training_that_is_asked_to_stop_ends_within_its_epoch(store):
    from core.models.training.trial import make_objective
    from core.search.budget import Budget

    objective = make_objective("ae80", Budget(**BUDGET), store)
    trial = optuna.create_study(direction="maximize").ask()
    with pytest.raises(Interrupted):
        objective(trial, lambda: True)
    assert trial.user_attrs.get("epochs") is None
