"""Many training steps per call, compiled as one loop, for accelerators; JAX only.

`fit` waits for the host at every step: it gathers a batch, copies it and calls back. Here all
images are on the device as bytes, and one call does a chunk of steps by `jax.lax.scan`. Each step
computes what a step of `fit` computes.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import keras

from core.models.base import ImageModel
from core.models.tensor import Tensor
from core.models.training.sampling import Sampler, TrainingImages, plain

#: A step whose gradient norm exceeds the mean by this factor is not applied.
MAX_GRADIENT_RATIO = 10.0

#: Number of applied steps before the mean is reliable enough to reject a step.
_MIN_APPLIED = 20

#: Decay of the exponential moving average of the gradient norm.
_NORM_DECAY = 0.98

#: Variables of a model as JAX arrays: trainable, non-trainable, optimiser, metrics.
State = tuple[list[Tensor], list[Tensor], list[Tensor], list[Tensor]]


class Carry(NamedTuple):
    """Carry of the scan: the state that one step passes to the next.

    Attributes:
        state: The model's variables.
        norm: Mean norm of the gradients of the steps applied so far.
        applied: Number of steps that were applied.
        key: Random key of the augmentation.
    """

    state: State
    norm: Tensor
    applied: Tensor
    key: Tensor


class Chunk(NamedTuple):
    """Losses and metrics of the steps of one call.

    Attributes:
        losses: Loss of each step.
        applied: Whether each step was applied.
        logs: Running means of the metrics after the last step.
    """

    losses: Tensor
    applied: Tensor
    logs: dict[str, Tensor]


class ScannedRate(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """A learning rate that the loop sets at each step, instead of a compiled-in schedule.

    Args:
        value: The rate at first.
        stored: The optimiser's own variable, where it has one in place of a schedule.
    """

    def __init__(self, value: float, stored: Any = None) -> None:
        self.value: Tensor = value
        self._stored = stored

    def __call__(self, step: Tensor) -> Tensor:
        """The rate that was last set."""
        return self.value

    def lower(self, factor: float) -> None:
        """Multiplies the optimiser's own rate, which `fit` goes on with, where it has one."""
        if self._stored is not None:
            self._stored.assign(factor * self._stored)


def prepare_for_scan(model: ImageModel, images: Tensor) -> ScannedRate:
    """Builds the model and its optimiser without computing anything.

    Args:
        model: Compiled model.
        images: A few images, for their shape.

    Returns:
        The learning rate object that the optimiser now reads.
    """
    own = model.optimizer._learning_rate
    stored = own if isinstance(own, keras.Variable) else None
    rate = ScannedRate(float(model.optimizer.learning_rate), stored)
    # Bypasses the setter, which would remove the learning rate variable from the optimiser's state:
    # both engines must be able to read the same checkpoints.
    model.optimizer._learning_rate = rate
    model.optimizer.build(model.trainable_variables)
    model._symbolic_build(data_batch=(images,))
    return rate


def take_state(model: ImageModel) -> State:
    """Copies of the model's variables, which a call may donate."""
    lists = (
        model.trainable_variables,
        model.non_trainable_variables,
        model.optimizer.variables,
        model.metrics_variables,
    )
    first, second, third, fourth = (
        [jnp.array(variable.value, copy=True) for variable in variables] for variables in lists
    )
    return first, second, third, fourth


def give_state(model: ImageModel, state: State) -> None:
    """Assigns copies of the final values to the model's variables."""
    lists = (
        model.trainable_variables,
        model.non_trainable_variables,
        model.optimizer.variables,
        model.metrics_variables,
    )
    for variables, values in zip(lists, state, strict=True):
        for variable, value in zip(variables, values, strict=True):
            variable.assign(jnp.array(value, copy=True))


def copied(carry: Carry) -> Carry:
    """A deep copy of the arrays."""
    found: Carry = jax.tree.map(lambda array: jnp.array(array, copy=True), carry)
    return found


def make_chunk(
    model: ImageModel, rate: ScannedRate, sampler: Sampler = plain
) -> Callable[..., tuple[Carry, Chunk]]:
    """The compiled function that runs a chunk of steps.

    It takes the carry (donated), all images, the rows of each step's batch (steps, batch), the
    steps' learning rates, and a mask that is false for the padding at the end of the chunk.

    Args:
        model: Compiled model that `prepare_for_scan` prepared.
        rate: What `prepare_for_scan` returned.
        sampler: Makes a batch of the images of its rows.
    """

    def one(images: TrainingImages, carry: Carry, step: Any) -> tuple[Carry, Any]:
        row, rate.value, is_step = step
        key, own = jax.random.split(carry.key)
        batch = sampler(images, row, own)
        loss, norm, logs, state = _train_step(model, carry.state, batch)
        is_usual = (carry.applied < _MIN_APPLIED) | (norm <= MAX_GRADIENT_RATIO * carry.norm)
        applies = is_step & is_usual & jnp.isfinite(loss) & jnp.isfinite(norm) & _finite(state[0])
        after = Carry(state, _smoothed_norm(carry, norm), carry.applied + 1, key)
        before = carry._replace(key=key)
        chosen = jax.tree.map(lambda new, old: jnp.where(applies, new, old), after, before)
        return chosen, (loss, applies, logs)

    @partial(jax.jit, donate_argnums=0)
    def chunk(
        carry: Carry, images: TrainingImages, rows: Tensor, rates: Tensor, is_step: Tensor
    ) -> tuple[Carry, Chunk]:
        carry, (losses, applied, logs) = jax.lax.scan(
            partial(one, images), carry, (rows, rates, is_step)
        )
        last = jnp.maximum(jnp.max(jnp.where(applied, jnp.arange(len(rows)), -1)), 0)
        return carry, Chunk(losses, applied, {name: values[last] for name, values in logs.items()})

    return chunk


def _smoothed_norm(carry: Carry, norm: Tensor) -> Tensor:
    """Moving average of the gradient's norm; a plain mean over the first steps."""
    decay = jnp.minimum(_NORM_DECAY, carry.applied / (carry.applied + 1.0))
    return decay * carry.norm + (1.0 - decay) * norm


def _train_step(
    model: ImageModel, state: State, batch: Tensor
) -> tuple[Tensor, Tensor, dict[str, Tensor], State]:
    """Loss, gradient norm, metrics and state of a step, as Keras' JAX trainer computes them.

    Keras' own `train_step` does not return the gradient.
    """
    trainable, others, optimizer, metrics = state
    gradient_of = jax.value_and_grad(model.compute_loss_and_updates, has_aux=True)
    (loss, (unscaled, y_pred, others, metrics)), gradients = gradient_of(
        trainable,
        others,
        metrics,
        batch,
        None,
        None,
        training=True,
        optimizer_variables=optimizer,
    )
    norm = jnp.sqrt(sum(jnp.sum(jnp.square(g.astype("float32"))) for g in gradients))
    trainable, optimizer = model.optimizer.stateless_apply(optimizer, gradients, trainable)
    logs, metrics = model._update_metrics_variables(metrics, unscaled, batch, None, y_pred, None)
    return loss, norm, logs, (trainable, others, optimizer, metrics)


def _finite(arrays: list[Tensor]) -> Tensor:
    return jnp.all(jnp.stack([jnp.all(jnp.isfinite(array)) for array in arrays]))
