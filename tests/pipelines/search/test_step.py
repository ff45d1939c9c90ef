"""The search: its studies, its objective and its command line."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import pytest

from core.dataset.splits import sample_images
from core.png import encode_png
from core.search.queue import Interrupted
from core.search.storage import live_path
from core.search.studies import to_record
from core.search.study_reading import read_study
from core.search.trial_previews import TrialPreviews
from core.stop_request import Stopped
from core.store import ArtifactStore
from core.training_records.previews import PREVIEWS, preview_psnr_db
from pipelines import prepare
from pipelines.base import UserError
from pipelines.search import step as search
from pipelines.search.step import run_search
from pipelines.search.study import Config
from tests.pipelines.search.search_objectives import (
    cheap,
    running_since_start,
    slow,
    study_at,
    wait_for,
    with_previews,
)

BUDGET = {"images": 6, "validation_images": 4, "epochs": 1}
SMALL = ["--images", "6", "--validation-images", "4", "--epochs", "1"]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """Folder of a store with a data set of nine training images."""
    folder = tmp_path_factory.mktemp("search")
    image = next(iter(sample_images().values()))
    for part, count in (("train", 3), ("val", 4)):
        for class_id in ("n01440764", "n02979186", "n03028079"):
            target = folder / "source" / part / class_id
            target.mkdir(parents=True)
            for number in range(count):
                corner = 10 * (number + 5 * int(class_id[-1]))
                crop = np.ascontiguousarray(image[corner : corner + 200, corner : corner + 200])
                (target / f"{part}{number}.png").write_bytes(encode_png(crop))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOTTLENECK_ARTIFACTS", str(folder / "artifacts"))
        assert prepare.main(["--source", str(folder / "source"), "--processes", "1"]) == 0
    return folder / "artifacts"


@pytest.fixture
def store(prepared, tmp_path, monkeypatch):
    """Store with that data set and nothing else."""
    (tmp_path / "artifacts").mkdir()
    (tmp_path / "artifacts" / "datasets").symlink_to(prepared / "datasets")
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(tmp_path / "artifacts"))
    return ArtifactStore(tmp_path / "artifacts")


def config(**more):
    return Config(**({"model": "ae80", "trials": 4} | BUDGET | more))


def states(store):
    return [trial.state for trial in read_study(store, "ae80").trials]


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
    assert facts["best"]["value"] == found.best.value
    assert facts["budget"]["images"] == 6
    assert facts["dataset"]["sha256"] == store.manifest("datasets/imagenette160").facts["sha256"]


@pytest.mark.slow
def test_the_first_trial_is_the_optimum_of_the_thesis(store):
    run_search(config(trials=1), store, cheap)
    record = read_study(store, "ae80")
    assert dict(record.trials[0].params) == record.attributes["thesis"]
    assert record.trials[0].attributes["origin"] == "optimum of the thesis"


@pytest.mark.slow
def test_a_second_run_goes_on_to_the_number_asked_for_in_total(store):
    run_search(config(trials=2), store, cheap)
    before = read_study(store, "ae80").trials
    run_search(config(trials=5), store, cheap)
    assert read_study(store, "ae80").trials[:2] == before
    assert states(store) == ["complete"] * 5


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


def test_trials_of_another_data_set_are_not_mixed_in(store):
    run_search(config(trials=1), store, cheap)
    study = study_at(live_path(store, "ae80"))
    study.set_user_attr("dataset_sha256", "0" * 64)
    with pytest.raises(UserError, match="another data set"):
        run_search(config(trials=2), store, cheap)


@pytest.mark.slow
def test_two_workers_share_the_trials_without_one_too_many(store):
    run_search(config(trials=8, workers=2), store, cheap)
    assert read_study(store, "ae80").counts["complete"] == 8


def test_when_all_workers_end_early_it_says_so(store, monkeypatch):
    monkeypatch.setattr("pipelines.search.workers.work", time.sleep)
    with pytest.raises(UserError, match="All workers ended after 0 of 4 trials"):
        run_search(config(), store, cheap)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_search_and_keeps_what_was_finished(store, number):
    run_search(config(trials=1), store, cheap)
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=search_until_signal, args=(store.root,))
    process.start()
    wait_for(lambda: running_since_start(live_path(store, "ae80")))
    os.kill(process.pid, number)
    asked = time.monotonic()
    process.join(60)
    assert time.monotonic() - asked < 15
    assert process.exitcode == 128 + number
    assert states(store) == ["complete", "fail", "waiting"]
    run_search(config(trials=2), store, cheap)
    assert states(store) == ["complete", "fail", "complete"]


def search_until_signal(root):
    try:
        run_search(config(trials=2), ArtifactStore(root), slow)
    except Stopped as stopped:
        sys.exit(128 + stopped.signal)


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
    assert notes["parameters"] > 10_000
    assert list(trial.intermediate_values) == [1, 2]
    assert trial.intermediate_values[2] == notes["psnr_db"]


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


def never():
    return False


def test_a_training_that_is_asked_to_stop_ends_within_its_epoch(store):
    from core.models.training.trial import make_objective
    from core.search.budget import Budget

    objective = make_objective("ae80", Budget(**BUDGET), store)
    trial = optuna.create_study(direction="maximize").ask()
    with pytest.raises(Interrupted):
        objective(trial, lambda: True)
    assert trial.user_attrs.get("epochs") is None


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["ae99"], "There is no search space of a model 'ae99'; there are ae20, ae40, ae80."),
        (["ae80", "--images", "99"], "The train split has 9 images; received 99."),
        (["ae80", "--trials", "0"], "--trials must be at least 1; received 0."),
        (["ae80", "--epochs", "0"], "epochs must be at least 1; received 0."),
        (["ae80", *SMALL, "--storage", "x"], "received 'x'"),
        (
            ["ae80", *SMALL, "--storage", "postgresql://me:s3cret@127.0.0.1:9/x"],
            "The storage postgresql://me:***@127.0.0.1:9/x does not answer",
        ),
    ],
)
def test_bad_input_gets_one_line_and_status_two(store, capsys, flags, sentence):
    assert search.main(flags) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1
    assert "s3cret" not in error
    assert not store.exists("studies/ae80")


def test_without_the_data_set_the_command_that_prepares_it_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(tmp_path))
    assert search.main(["ae80"]) == 2
    assert "python -m pipelines.prepare" in capsys.readouterr().err


@pytest.mark.slow
def test_the_command_line_searches_with_real_trainings(store):
    command = [sys.executable, "-m", "pipelines.search", "ae80", "--trials", "1", *SMALL]
    root = Path(__file__).parents[3]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "Thesis: trial 0  complete" in done.stdout
    manifest = json.loads((store.root / "studies" / "ae80.manifest.json").read_text())
    assert manifest["facts"]["trials"]["complete"] == 1
