"""What a user asks of a training: its model, its configuration, and what it goes on from."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from core.codecs.trained_model import model_key
from core.dataset.splits import DEFAULT
from core.errors import Refusal
from core.models import get_model, models
from core.models.base import Model, ModelConfig
from core.models.training.checkpoints import newest_facts
from core.models.training.engines import EngineRequest
from core.models.training.weight_pieces import WeightPieces
from core.plain_english import flags
from core.store import ArtifactStore

Start = Literal["fresh", "resume", "restart", "finetune", "export"]


@dataclass(frozen=True)
class Request:
    """What the user asks for.

    Attributes:
        architecture: Name of the model.
        name: Name of the trained model; the architecture's own for the shipped one.
        start: Where to begin.
        dataset: Name of the data set.
        preset: One of the model's own configurations, by name.
        overrides: Values that replace the configuration's own.
        settable: Names of the values that a user can give, whichever the model.
        engine: What runs the steps; that of the training that goes on when None.
        source: Published model that fine-tuning begins from; None for the usual one.
        replace: Whether a published model of another training may be replaced.
    """

    architecture: str
    name: str
    start: Start = "fresh"
    dataset: str = DEFAULT
    preset: str | None = None
    overrides: dict[str, Any] = field(default_factory=dict)
    settable: frozenset[str] = frozenset()
    replace: bool = False
    engine: EngineRequest | None = None
    source: str | None = None

    @property
    def command(self) -> str:
        """The command, without the flag that says where to begin."""
        own = "" if self.name == self.architecture else f" --name {self.name}"
        return f"python -m pipelines.train {self.architecture}{own}"


def model_of(request: Request) -> Model:
    """The model that is asked for.

    Raises:
        Refusal: There is no such model, or the name is another one's.
    """
    try:
        model = get_model(request.architecture)
    except ValueError as error:
        raise Refusal(str(error)) from error
    if request.name != request.architecture and request.name in models():
        raise Refusal(
            f"{request.name} is the name of another model of its own; choose another --name."
        )
    return model


def begun_facts(request: Request, store: ArtifactStore) -> Mapping[str, Any]:
    """Facts of what the request goes on from; empty for a new training."""
    if request.start in ("resume", "export"):
        if facts := newest_facts(store, request.name):
            return facts
        if request.start == "export":
            return next(iter(WeightPieces(store, request.name).sets().values()), {})
    source = source_of(request, store)
    if request.start in ("fresh", "restart") or source is None:
        return {}
    return store.manifest(model_key(source)).facts


def engine_of(begun: Mapping[str, Any]) -> EngineRequest:
    """How the steps of what goes on were run; by `fit` where that is not told."""
    return EngineRequest(**begun.get("progress", {}).get("engine", {}))


def seen_photographs(begun: Mapping[str, Any]) -> set[str]:
    """Digests of all photographs that what goes on was trained on."""
    progress = begun.get("progress", {})
    engines = [progress.get("engine", {}), *progress.get("earlier_engines", ())]
    found = {engine.get("photographs_sha256") for engine in engines}
    return {*begun.get("photographs", ()), *found} - {None}


def source_of(request: Request, store: ArtifactStore) -> str | None:
    """Published model that fine-tuning starts from.

    The one asked for, or that of this name, else the shipped one.
    """
    for name in (request.source,) if request.source else (request.name, request.architecture):
        if store.exists(model_key(name)):
            return name
    return None


def config_of(model: Model, request: Request, begun: Mapping[str, Any]) -> ModelConfig:
    """The model's configuration, or that of the training that goes on, with the user's values.

    Args:
        model: The model.
        request: The user's request.
        begun: What `begun_facts` returned.

    Raises:
        Refusal: The model has no such preset or value.
    """
    plan = _plan(model, request)
    plan = _followed(plan, begun.get("config"), is_new_plan=_has_new_plan(request))
    if request.start == "finetune":
        # The epochs of a stage's plan are its own; the limit counts those done before as well.
        done = begun.get("best_epoch", begun.get("epochs", 0))
        plan = dataclasses.replace(plan, epochs=plan.epochs + done)
    for name, value in request.overrides.items():
        own = getattr(plan, name, None)
        # The name implies the number of layers: `ae20` with one layer would not be 20x20.
        if isinstance(own, tuple) and len(value) != len(own):
            raise Refusal(
                f"{request.architecture} has {len(own)} layers, so --{name} takes {len(own)} "
                f"numbers, such as {' '.join(map(str, own))}; received "
                f"{' '.join(map(str, value))}."
            )
    known = {field.name for field in dataclasses.fields(plan)}
    if unknown := request.overrides.keys() - known:
        raise Refusal(
            f"{request.architecture} has no {flags(unknown)}; what can be set is "
            f"{flags(known & request.settable)}."
        )
    try:
        config: ModelConfig = dataclasses.replace(plan, **request.overrides)
    except ValueError as error:
        raise Refusal(str(error)) from error
    return config


def _plan(model: Model, request: Request) -> Any:
    presets = model.presets
    if request.preset is None:
        # The stage also selects the preset of the same name.
        return presets.get(request.overrides.get("stage", ""), model.config)
    if request.preset not in presets:
        names = ", ".join(presets) or "none"
        raise Refusal(f"{request.architecture} has no preset {request.preset!r}; it has {names}.")
    return presets[request.preset]


def _has_new_plan(request: Request) -> bool:
    return request.start == "finetune" or request.preset is not None


def _followed(plan: Any, record: Mapping[str, Any] | None, *, is_new_plan: bool) -> Any:
    """A plan for the network that was begun; all of what was begun unless the plan is new."""
    if record is None:
        return plan
    own = plan.network_fields() if is_new_plan else plan.identity().keys()
    # Earlier checkpoints, and models, do not hold what ends a training.
    names = own | (plan.record().keys() - plan.identity().keys()) & record.keys()
    known = plan.completed(record)
    return dataclasses.replace(plan, **{name: known[name] for name in names if name in known})
