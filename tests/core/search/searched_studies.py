"""A study of a few trials without any training."""

import optuna

from core.search.storage import (
    open_storage,
    sqlite_url,
)


def searched(path, *, trials=3, name="ae80"):
    path.parent.mkdir(parents=True, exist_ok=True)
    storage = open_storage(sqlite_url(path))
    study = optuna.create_study(
        study_name=name, storage=storage, direction="maximize", load_if_exists=True
    )
    study.optimize(lambda trial: trial.suggest_float("rate", 0, 1), n_trials=trials)
    return storage
