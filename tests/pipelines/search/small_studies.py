"""The budget of a search of seconds, and what it noted."""

from core.search.study_reading import read_study
from pipelines.search.config import Config

BUDGET = {"images": 6, "validation_images": 4, "epochs": 1}


def config(**more):
    return Config(**({"model": "ae80", "trials": 4} | BUDGET | more))


def states(store, name="ae80"):
    return [trial.state for trial in read_study(store, name).trials]
