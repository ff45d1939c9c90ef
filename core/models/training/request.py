"""What a user asks of a training: its model and its configuration."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from core.codecs import find_codec, unavailable
from core.dataset.splits import DEFAULT
from core.errors import Refusal
from core.models import get_model, models
from core.models.base import Model, ModelConfig
from core.models.training.engines import EngineRequest
from core.plain_english import flags

Start = Literal["fresh", "resume", "restart", "finetune", "export"]


@dataclass(frozen=True)
class Request:
    """What the user asks for.

    Attributes:
        architecture: Name of the model.
        name: Name of the trained model; the architecture's own for the shipped one.
        start: Where to begin.
        dataset: Name of the data set; that of what goes on, else the default one, when None.
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
    dataset: str | None = None
    preset: str | None = None
    overrides: dict[str, Any] = field(default_factory=dict)
    settable: frozenset[str] = frozenset()
    replace: bool = False
    engine: EngineRequest | None = None
    source: str | None = None

    @property
    def command(self) -> str:
        """The command that names the model, without any other flag."""
        own = "" if self.name == self.architecture else f" --name {self.name}"
        return f"python -m pipelines.train {self.architecture}{own}"

    def new_command(self, *, dataset: str | None = None) -> str:
        """The command that begins this training, without the flag that says where to begin.

        Args:
            dataset: Data set where the request names none; the default one when None.
        """
        trained_on = self.dataset or dataset or DEFAULT
        given = {"dataset": None if trained_on == DEFAULT else trained_on, "preset": self.preset}
        given |= dict(sorted(self.overrides.items())) | self._engine_flags()
        words = [_words(name, value) for name, value in given.items()]
        return " ".join([self.command, *filter(None, words)])

    def _engine_flags(self) -> dict[str, Any]:
        if self.engine is None or self.start == "export":
            return {}
        chosen = self.engine
        augment = chosen.augment and not chosen.photographs  # which imply it
        return {
            "engine": chosen.name,
            "minutes": chosen.minutes,
            "augment": augment,
            "photographs": chosen.photographs,
        }


def _words(name: str, value: Any) -> str:
    """A flag and its value as they are typed; empty where there is none."""
    if value is None or value is False:
        return ""
    flag = f"--{name.replace('_', '-')}"
    if value is True:
        return flag
    values = value if isinstance(value, tuple) else (value,)
    return " ".join([flag, *map(str, values)])


def model_of(request: Request) -> Model:
    """The model that is asked for.

    Raises:
        Refusal: There is no such model, or the name is another one's or a codec's.
    """
    try:
        model = get_model(request.architecture)
    except ValueError as error:
        raise Refusal(str(error)) from error
    if request.name != request.architecture and request.name in models():
        raise Refusal(
            f"{request.name} is the name of another model of its own; choose another --name."
        )
    if request.start not in ("resume", "export") and _is_codec(request.name):
        raise Refusal(
            f"{request.name} is the name of a codec, so no model of that name could be one; choose "
            "another --name."
        )
    return model


def _is_codec(name: str) -> bool:
    """Whether there is a codec of that name that no model makes."""
    found = find_codec(name)
    return name in unavailable() or (found is not None and found.learned is None)


def config_of(model: Model, request: Request, begun: Mapping[str, Any]) -> ModelConfig:
    """The model's configuration, or that of the training that goes on, with the user's values.

    Args:
        model: The model.
        request: The user's request.
        begun: What `core.models.training.begun.begun_facts` returned.

    Raises:
        Refusal: The model has no such preset or value.
    """
    plan = _followed(_plan(model, request), begun.get("config"), request)
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


def _followed(plan: Any, record: Mapping[str, Any] | None, request: Request) -> Any:
    """A plan for the network that was begun; all of what was begun unless the plan is new."""
    if record is None:
        return plan
    if request.start == "finetune":
        names = plan.network_fields()
    else:
        own = plan.identity().keys() if request.preset is None else plan.network_fields()
        # Checkpoints of an earlier version do not hold what ends a training.
        names = own | (plan.record().keys() - plan.identity().keys()) & record.keys()
    known = plan.completed(record)
    return dataclasses.replace(plan, **{name: known[name] for name in names if name in known})
