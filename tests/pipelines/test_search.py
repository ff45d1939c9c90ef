import json
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import optuna
import pytest

from core.dataset import sample_pictures
from core.images import encode_png
from core.store import ArtifactStore
from core.strips import STRIPS, strip_psnr_db
from core.studies import read_database, read_study, to_record
from core.study_queue import SURPLUS, Interrupted, SurplusTrial, check_wanted, requeue
from core.study_storage import live_path, open_storage, sqlite_url
from core.trial_strips import TrialStrips
from pipelines import prepare, search
from pipelines.base import UserError
from pipelines.search import Stopped, run_search
from pipelines.search_study import Config
from pipelines.search_workers import Job, running_workers, work

BUDGET = {"pictures": 6, "validation_pictures": 4, "epochs": 1}
SMALL = ["--pictures", "6", "--validation-pictures", "4", "--epochs", "1"]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """Folder of a store with a data set of nine training pictures."""
    folder = tmp_path_factory.mktemp("search")
    picture = next(iter(sample_pictures().values()))
    for part, count in (("train", 3), ("val", 4)):
        for class_id in ("n01440764", "n02979186", "n03028079"):
            target = folder / "source" / part / class_id
            target.mkdir(parents=True)
            for number in range(count):
                corner = 10 * (number + 5 * int(class_id[-1]))
                crop = np.ascontiguousarray(picture[corner : corner + 200, corner : corner + 200])
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


def suggested(trial):
    width = trial.suggest_categorical("filters_1", (16, 32, 64))
    trial.suggest_categorical("activation", ("relu", "leaky_relu"))
    rate = trial.suggest_float("learning_rate", 1e-4, 1e-2, log=True)
    return width * rate


def cheap(model, budget, store):
    return lambda trial, should_stop: suggested(trial)


def with_strips(model, budget, store):
    """Objective whose strips have the number of the trial as their colour."""

    def judge(trial, should_stop):
        strip = np.full((64, 384, 3), trial.number, np.uint8)
        TrialStrips(store, model).save(strip, number=trial.number, started=trial.datetime_start)
        return suggested(trial)

    return judge


def slow(model, budget, store):
    """Objective of half a minute that stops when it is asked to."""

    def judge(trial, should_stop):
        value = suggested(trial)
        for _ in range(300):
            time.sleep(0.1)
            if should_stop():
                raise Interrupted
        return value

    return judge


def slow_at_first(model, budget, store):
    """As `slow` for the first attempt of trial 0; any other attempt ends at once."""

    def judge(trial, should_stop):
        if trial.number == 0:
            return slow(model, budget, store)(trial, should_stop)
        return suggested(trial)

    return judge


def prepare_cheap():
    return cheap(None, None, None)


def prepare_reporting():
    """Objective with three reports and no pause."""

    def judge(trial, should_stop):
        value = suggested(trial)
        for step in (1, 2, 3):
            trial.report(value, step)
        return value

    return judge


def prepare_slow():
    return slow(None, None, None)


def config(**more):
    return Config(**({"model": "ae80", "trials": 4} | BUDGET | more))


def job(url, prepare, *, trials, heartbeat=1):
    return Job(url, "ae80", trials, seed=0, heartbeat_seconds=heartbeat, prepare=prepare)


def study_at(path):
    storage = open_storage(sqlite_url(path))
    study = optuna.create_study(
        study_name="ae80", storage=storage, direction="maximize", load_if_exists=True
    )
    return study


def states(store):
    return [trial.state for trial in read_study(store, "ae80").trials]


def complete_numbers(store):
    trials = read_study(store, "ae80").trials
    return [trial.number for trial in trials if trial.state == "complete"]


def wait_for(condition, *, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def running_since_start(path):
    """Whether a trial has begun and chosen its parameters."""
    try:
        found = read_database(path, "ae80", shown="", live=True).trials
    except Exception:
        return False
    return any(trial.state == "running" and len(trial.params) == 3 for trial in found)


def test_a_search_finishes_its_trials_and_commits_the_study(store, capsys):
    run_search(config(), store, cheap)
    found = read_study(store, "ae80")
    assert found.counts["complete"] == 4
    assert not found.is_live
    output = capsys.readouterr()
    assert "4/4" in output.err
    assert "Wrote artifacts/studies/ae80.db (4 trials)." in output.out
    facts = store.manifest("studies/ae80").facts
    assert facts["best"]["value"] == found.best.value
    assert facts["budget"]["pictures"] == 6
    assert facts["dataset"]["sha256"] == store.manifest("datasets/imagenette160").facts["sha256"]


def test_the_first_trial_is_the_optimum_of_the_thesis(store):
    run_search(config(trials=1), store, cheap)
    record = read_study(store, "ae80")
    assert dict(record.trials[0].params) == record.attributes["thesis"]
    assert record.trials[0].attributes["origin"] == "optimum of the thesis"


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


def test_a_clone_goes_on_from_the_committed_study(store):
    run_search(config(trials=2), store, cheap)
    live_path(store, "ae80").unlink()
    run_search(config(trials=3), store, cheap)
    assert states(store) == ["complete"] * 3


def test_trials_of_another_budget_are_not_mixed_in(store):
    run_search(config(trials=1), store, cheap)
    with pytest.raises(UserError, match="made with epochs 1; received 2"):
        run_search(config(trials=2, epochs=2), store, cheap)
    assert states(store) == ["complete"]
    run_search(config(trials=1, epochs=2, restart=True), store, cheap)
    assert read_study(store, "ae80").budget["epochs"] == 2


def test_the_strips_of_all_workers_are_packed_beside_the_study(store, capsys):
    run_search(config(workers=2), store, with_strips)
    assert "Wrote artifacts/strips/ae80.png (strips of 4 trials)." in capsys.readouterr().out
    # Two workers may both begin the last trial; the one too many is not run.
    numbers = complete_numbers(store)
    assert store.manifest("strips/ae80").facts[STRIPS] == numbers
    found = TrialStrips(store, "ae80").read(read_study(store, "ae80").trials)
    assert {number: strip.max() for number, strip in found.items()} == {
        number: number for number in numbers
    }
    run_search(config(trials=5), store, with_strips)
    assert store.manifest("strips/ae80").facts[STRIPS] == complete_numbers(store)
    assert len(complete_numbers(store)) == 5


def test_a_study_that_starts_anew_has_no_strips_of_the_one_before(store):
    run_search(config(trials=2), store, with_strips)
    TrialStrips(store, "ae80").save(np.zeros((64, 384, 3), np.uint8), number=7, started=None)
    run_search(config(trials=1, restart=True), store, cheap)
    assert store.keys("strips/") == []
    assert store.keys("cache/") == []


def test_trials_of_another_data_set_are_not_mixed_in(store):
    run_search(config(trials=1), store, cheap)
    study = study_at(live_path(store, "ae80"))
    study.set_user_attr("dataset_sha256", "0" * 64)
    with pytest.raises(UserError, match="another data set"):
        run_search(config(trials=2), store, cheap)


def test_two_workers_share_the_trials_without_one_too_many(store):
    run_search(config(trials=8, workers=2), store, cheap)
    assert read_study(store, "ae80").counts["complete"] == 8


def test_when_all_workers_end_early_it_says_so(store, monkeypatch):
    monkeypatch.setattr("pipelines.search_workers.work", time.sleep)
    with pytest.raises(UserError, match="All workers ended after 0 of 4 trials"):
        run_search(config(), store, cheap)


def test_a_killed_worker_loses_nothing_and_its_trial_is_tried_again(tmp_path):
    path = tmp_path / "study.db"
    study = study_at(path)
    url = sqlite_url(path)
    with running_workers(job(url, prepare_slow, trials=3), 1) as (victim,):
        wait_for(lambda: running_since_start(path))
        os.kill(victim.pid, signal.SIGKILL)
        victim.join()
    lost = dict(study.trials[0].params)
    with running_workers(job(url, prepare_cheap, trials=3), 2) as workers:
        for worker in workers:
            worker.join(60)
    record = read_database(path, "ae80", shown="", live=True)
    assert record.counts["complete"] == 3
    run = [trial for trial in record.trials if SURPLUS not in trial.attributes]
    assert [trial.number for trial in run if trial.state == "fail"] == [0]
    assert [dict(trial.params) for trial in run if trial.retry_of == 0] == [lost]


def test_a_lost_trial_that_two_workers_put_into_the_queue_is_run_once(tmp_path):
    study = study_at(tmp_path / "study.db")
    study.ask()
    study.tell(0, state=optuna.trial.TrialState.FAIL)
    requeue(study, 0)
    requeue(study, 0)
    check_wanted(study, study.ask(), 9)
    with pytest.raises(SurplusTrial, match="trial 0 is repeated already"):
        check_wanted(study, study.ask(), 9)


def test_workers_that_are_asked_to_stop_leave_their_trials_to_the_next_run(tmp_path):
    path = tmp_path / "study.db"
    study_at(path)
    began = 0.0
    with running_workers(job(sqlite_url(path), prepare_slow, trials=2), 1):
        wait_for(lambda: running_since_start(path))
        began = time.monotonic()
    assert time.monotonic() - began < 10
    found = read_database(path, "ae80", shown="", live=True).trials
    assert [trial.state for trial in found] == ["fail", "waiting"]
    assert found[1].params == found[0].params


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
def test_four_workers_make_fifteen_trials_each_on_one_sqlite_file(tmp_path):
    path = tmp_path / "study.db"
    study_at(path)
    with running_workers(job(sqlite_url(path), prepare_reporting, trials=60), 4) as workers:
        for worker in workers:
            worker.join(300)
        assert [worker.exitcode for worker in workers] == [0, 0, 0, 0]
    record = read_database(path, "ae80", shown="", live=True)
    assert record.counts["complete"] == 60
    assert all(len(trial.reports) == 3 for trial in record.trials if trial.state == "complete")


@pytest.mark.slow
def test_a_database_that_is_locked_for_half_a_minute_is_waited_for(tmp_path):
    path = tmp_path / "study.db"
    study_at(path)
    with running_workers(job(sqlite_url(path), prepare_cheap, trials=40), 2) as workers:
        wait_for(lambda: path.stat().st_size > 0)
        with closing(sqlite3.connect(path, timeout=60)) as other:
            other.execute("BEGIN EXCLUSIVE")
            time.sleep(30)
            other.rollback()
        for worker in workers:
            worker.join(120)
        assert [worker.exitcode for worker in workers] == [0, 0]
    assert read_database(path, "ae80", shown="", live=True).counts["complete"] == 40


@pytest.mark.slow
def test_a_database_survives_twenty_kills_and_every_trial_is_made_up_for(tmp_path):
    path = tmp_path / "study.db"
    study_at(path)
    pause = np.random.default_rng(0).uniform(0.0, 0.4, 20)
    for seconds in pause:
        with running_workers(job(sqlite_url(path), prepare_reporting, trials=10_000), 1) as (one,):
            wait_for(lambda: path.stat().st_mtime > time.time() - 0.5)
            time.sleep(seconds)
            os.kill(one.pid, signal.SIGKILL)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("pragma integrity_check").fetchone() == ("ok",)
    done = read_database(path, "ae80", shown="", live=True).counts["complete"]
    with running_workers(job(sqlite_url(path), prepare_cheap, trials=done + 5), 1) as (one,):
        one.join(120)
        assert one.exitcode == 0
    counts = read_database(path, "ae80", shown="", live=True).counts
    assert counts["complete"] == done + 5


def test_the_objective_trains_and_notes_what_it_measured(store):
    from core.models.search import make_objective
    from core.search_budget import Budget

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


def test_a_pruned_trial_keeps_the_strip_of_its_last_finished_epoch(store):
    from core.models.search import make_objective
    from core.search_budget import Budget

    study = optuna.create_study(
        direction="maximize", pruner=optuna.pruners.ThresholdPruner(lower=1000)
    )
    objective = make_objective("ae80", Budget(**{**BUDGET, "epochs": 3}), store)
    study.optimize(lambda trial: objective(trial, never), n_trials=1)
    (trial,) = to_record(study).trials
    assert (trial.state, trial.attributes["epochs"]) == ("pruned", 1)
    strip = TrialStrips(store, "ae80").read([trial])[0]
    assert 3 < strip_psnr_db(strip) < 40
    assert "strip" not in " ".join(trial.attributes)


def test_the_same_trial_gives_the_same_score_twice(store):
    from core.models.search import make_objective
    from core.search_budget import Budget

    objective = make_objective("ae80", Budget(**BUDGET), store)
    study = optuna.create_study(direction="maximize")
    for _ in range(2):
        study.enqueue_trial({"filters_1": 16, "activation": "relu", "learning_rate": 0.002})
    scores = [objective(study.ask(), never) for _ in range(2)]
    assert scores[0] == pytest.approx(scores[1], rel=1e-4)


def never():
    return False


def test_a_training_that_is_asked_to_stop_ends_within_its_epoch(store):
    from core.models.search import make_objective
    from core.search_budget import Budget

    objective = make_objective("ae80", Budget(**BUDGET), store)
    trial = optuna.create_study(direction="maximize").ask()
    with pytest.raises(Interrupted):
        objective(trial, lambda: True)
    assert trial.user_attrs.get("epochs") is None


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["ae99"], "There is no search space of a model 'ae99'; there are ae20, ae40, ae80."),
        (["ae80", "--pictures", "99"], "The train split has 9 pictures; received 99."),
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
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "Thesis: trial 0  complete" in done.stdout
    manifest = json.loads((store.root / "studies" / "ae80.manifest.json").read_text())
    assert manifest["facts"]["trials"]["complete"] == 1


def test_a_worker_can_be_run_in_this_process(tmp_path):
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    study_at(tmp_path / "study.db")
    try:
        work(job(sqlite_url(tmp_path / "study.db"), prepare_cheap, trials=3))
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGINT, before[1])
    record = read_database(tmp_path / "study.db", "ae80", shown="", live=True)
    assert record.counts["complete"] == 3
