"""Objectives that take no training, and what tests of the search do with studies and workers."""

import time

import numpy as np
import optuna

from core.search.queue import Interrupted
from core.search.storage import open_storage, sqlite_url
from core.search.study_reading import read_database
from core.search.trial_previews import TrialPreviews
from pipelines.search.workers import Job


def suggested(trial):
    width = trial.suggest_categorical("filters_1", (16, 32, 64))
    trial.suggest_categorical("activation", ("relu", "leaky_relu"))
    rate = trial.suggest_float("learning_rate", 1e-4, 1e-2, log=True)
    return width * rate


def cheap(model, budget, store):
    return lambda trial, should_stop: suggested(trial)


def cheap_pair(model, budget, store):
    """Objective of two values, of which the one falls where the other rises."""

    def judge(trial, should_stop):
        kernel = trial.suggest_categorical("kernel", (3, 5))
        channels = trial.suggest_categorical("channels", (6, 12, 24, 48))
        return -float(kernel * channels), float(kernel * channels + trial.number)

    return judge


def with_previews(model, budget, store):
    """Objective whose previews have the number of the trial as their colour."""

    def judge(trial, should_stop):
        preview = np.full((64, 384, 3), trial.number, np.uint8)
        TrialPreviews(store, model).save(preview, number=trial.number, started=trial.datetime_start)
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


def job(url, prepare, *, trials, heartbeat=1):
    return Job(url, "ae80", trials, seed=0, heartbeat_seconds=heartbeat, prepare=prepare)


def study_at(path):
    storage = open_storage(sqlite_url(path))
    study = optuna.create_study(
        study_name="ae80", storage=storage, direction="maximize", load_if_exists=True
    )
    return study


def running_since_start(path):
    """Whether a trial has begun and chosen its parameters."""
    try:
        found = read_database(path, "ae80", shown="", live=True).trials
    except Exception:
        return False
    return any(trial.state == "running" and len(trial.params) == 3 for trial in found)
