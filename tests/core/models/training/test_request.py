import json

import pytest

from core.errors import Refusal
from core.models import get_model
from core.models.training.begun import begun_facts
from core.models.training.checkpoints import Checkpoints, ForeignCheckpoint
from core.models.training.engines import EngineRequest
from core.models.training.request import Request, config_of
from core.store import ArtifactStore


@pytest.mark.parametrize("stage", ["finetune", "encoder", "entropy", "visual"])
@pytest.mark.parametrize("name", ["bottleneck", "ladder_hyperprior"])
def test_a_stage_has_the_network_of_what_is_published_and_its_own_plan(
    stage: str, name: str
) -> None:
    store, model = ArtifactStore.default(), get_model("bottleneck")
    request = Request("bottleneck", name, start="finetune", preset=stage)
    published = begun_facts(request, store)
    config = config_of(model, request, published)

    checkpoints = Checkpoints(store, name, config, published["data"])
    checkpoints.check(f"models/{name}", published, free=config.plan_fields())
    assert config.learning_rate == model.presets[stage].learning_rate
    assert config.stage == model.presets[stage].stage
    # A stage has all epochs of its plan, however many were done before.
    assert config.epochs == published["epochs"] + model.presets[stage].epochs
    assert config.channels == published["config"]["channels"]
    # The shipped model was trained before this field was.
    assert config.analysis_slope == published["config"].get("analysis_slope", 0.0)


def test_a_network_that_differs_from_the_published_one_is_refused() -> None:
    store, model = ArtifactStore.default(), get_model("ae20")
    request = Request("ae20", "ae20", start="finetune", overrides={"filters": (4, 4, 8)})
    published = begun_facts(request, store)
    config = config_of(model, request, published)
    with pytest.raises(ForeignCheckpoint, match=r"instead of \[4, 4, 8\]"):
        Checkpoints(store, "ae20", config, published["data"]).check(
            "models/ae20", published, free=config.plan_fields()
        )


def test_what_goes_on_is_as_it_was_but_for_what_is_given() -> None:
    model = get_model("ae40")
    was = {**model.config.record(), "batch": 7, "epochs": 3, "filters": [5, 6]}
    resumed = Request("ae40", "mine", start="resume", overrides={"epochs": 9})
    config = config_of(model, resumed, {"config": was})

    assert (config.batch, config.epochs, config.filters) == (7, 9, (5, 6))
    # A checkpoint of an earlier version does not hold what ends a training.
    identity = {name: was[name] for name in model.config.identity()}
    assert config_of(model, Request("ae40", "mine", start="resume"), {"config": identity}) == (
        config_of(model, Request("ae40", "mine", overrides={"batch": 7, "filters": (5, 6)}), {})
    )


@pytest.mark.parametrize("name", ["bottleneck", "ae40", "ae20_rd", "ladder_hyperprior"])
def test_a_published_model_goes_on_with_the_whole_plan_that_its_card_tells(name: str) -> None:
    store = ArtifactStore.default()
    published = store.open(f"models/{name}")
    kept = published.parsed(f"{name}/config.json", json.loads, reason="is not JSON")
    architecture = published.facts.get("architecture", name)
    request = Request(architecture, name, start="resume")

    config = config_of(get_model(architecture), request, begun_facts(request, store))

    assert config.record() | kept == config.record()


def test_the_command_that_begins_anew_has_all_that_was_given() -> None:
    given = {"learning_rate": 0.001, "filters": (4, 8)}
    request = Request("ae40", "mine", preset="wide", dataset="other", overrides=given)
    scanned = Request("ae40", "ae40", engine=EngineRequest("scan", minutes=2.0, photographs=True))

    assert request.new_command() == (
        "python -m pipelines.train ae40 --name mine --dataset other --preset wide "
        "--filters 4 8 --learning-rate 0.001"
    )
    assert Request("ae40", "ae40").new_command(dataset="imagenette160") == (
        "python -m pipelines.train ae40"
    )
    assert scanned.new_command(dataset="other") == (
        "python -m pipelines.train ae40 --dataset other --engine scan --minutes 2.0 --photographs"
    )


def test_a_stage_begins_after_the_best_epoch_and_has_all_epochs_of_its_plan() -> None:
    model = get_model("bottleneck")
    published = {"config": model.config.identity(), "epochs": 21, "best_epoch": 15}
    request = Request("bottleneck", "mine", start="finetune", preset="finetune")

    assert config_of(model, request, published).epochs == 15 + model.presets["finetune"].epochs


def test_an_unknown_preset_is_refused_with_those_there_are() -> None:
    with pytest.raises(Refusal, match="no preset 'large'; it has compact, "):
        config_of(get_model("bottleneck"), Request("bottleneck", "x", preset="large"), {})
