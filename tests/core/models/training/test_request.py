import pytest

from core.errors import Refusal
from core.models import get_model
from core.models.training.checkpoints import Checkpoints, ForeignCheckpoint
from core.models.training.request import Request, begun_facts, config_of
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


def test_a_stage_begins_after_the_best_epoch_and_has_all_epochs_of_its_plan() -> None:
    model = get_model("bottleneck")
    published = {"config": model.config.identity(), "epochs": 21, "best_epoch": 15}
    request = Request("bottleneck", "mine", start="finetune", preset="finetune")

    assert config_of(model, request, published).epochs == 15 + model.presets["finetune"].epochs


def test_an_unknown_preset_is_refused_with_those_there_are() -> None:
    with pytest.raises(Refusal, match="no preset 'large'; it has compact, "):
        config_of(get_model("bottleneck"), Request("bottleneck", "x", preset="large"), {})
