"""Studies of a few trials without any training, written as the search writes them."""

import optuna

from core.search.repetition import repeatable
from core.search.spaces import get_space
from core.search.storage import close_storage, commit_study, live_path, open_storage, sqlite_url
from core.search.study_reading import read_study


def objective(space):
    def judge(trial):
        chosen = space.suggest(trial)
        quality = 20 + sum(chosen["filters"]) / 10 - trial.number / 100
        for epoch in (1, 2):
            trial.report(quality - 1 / epoch, epoch)
        if trial.number == 3:
            raise optuna.TrialPruned
        for name, value in (("psnr_db", quality), ("ssim", 0.9), ("filters", chosen["filters"])):
            trial.set_user_attr(name, value)
        return quality + 0.9

    return judge


def write_study(
    store,
    model,
    *,
    trials=6,
    direction="maximize",
    running=False,
    name=None,
    repeats=None,
    epochs=2,
):
    """A study as the search writes it; a running one stays in the live database."""
    name = name or model
    path = live_path(store, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    storage, space = open_storage(sqlite_url(path)), get_space(model)
    study = optuna.create_study(
        study_name=name,
        storage=storage,
        direction=direction,
        sampler=optuna.samplers.RandomSampler(seed=0),
    )
    study.set_user_attr("budget", {"images": 64, "validation_images": 16, "epochs": epochs})
    study.set_user_attr("thesis", space.thesis)
    study.set_user_attr("model", model)
    if repeats is None:
        study.enqueue_trial(space.thesis, user_attrs={"origin": "optimum of the thesis"})
    else:
        study.set_user_attr("repeats", repeats)
        for found in repeatable(read_study(store, repeats)):
            notes = {"repeated_trial": found.number}
            study.enqueue_trial(dict(found.params), user_attrs=notes)
    study.optimize(objective(space), n_trials=trials)
    if running:
        study.enqueue_trial({})
    else:
        commit_study(store, name, storage, facts={})
    close_storage(storage)
    if not running:
        path.unlink()
