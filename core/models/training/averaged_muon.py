"""Muon with a warm-up, a cosine decay and an exponential moving average of the weights.

Muon (Jordan et al., 2024, https://kellerjordan.github.io/posts/muon/) updates a weight matrix by
the orthogonal matrix nearest to its momentum. The gradients of rate and distortion conflict, and
plain gradient descent oscillates between them; preconditioned methods do so less (Zhang & Zhu,
2026, https://arxiv.org/abs/2601.20769, who use SOAP).
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np
from keras import ops

from core.models.tensor import Tensor

#: Final learning rate, relative to the highest.
_FLOOR = 0.01
_MAX_WARM_UP_STEPS = 500

#: Rank of a convolution kernel: rows, columns, inputs, outputs.
_KERNEL_RANK = 4

_MIN_NORM = 1e-7

#: Warm-up of the moving average: its window is about a tenth of the steps done so far, until the
#: configured decay is reached.
_EMA_WARM_UP_STEPS = 10.0


class WarmUpCosine(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """Learning rate as a function of the optimiser's step and of the total number of steps.

    So a training that resumes from a checkpoint continues at the same rate. A larger total
    stretches the curve.

    Args:
        highest: Learning rate at the end of the warm-up.
        steps: Total number of steps, those already done included.

    Attributes:
        forgotten: Steps that were done before the optimiser's step counter was reset.
    """

    def __init__(self, highest: float, steps: int) -> None:
        self.highest = highest
        self.steps = steps
        self.forgotten = 0

    def __call__(self, step: Tensor) -> Tensor:
        """Learning rate of a step."""
        done = ops.cast(step, "float32") + float(self.forgotten)
        warm_up = float(max(1, min(_MAX_WARM_UP_STEPS, self.steps // 20)))
        decay = float(max(1.0, self.steps - warm_up))
        position = ops.clip((done - warm_up) / decay, 0.0, 1.0)
        cosine = 0.5 * (1.0 + ops.cos(np.pi * position))
        falling = _FLOOR + (1.0 - _FLOOR) * cosine
        return self.highest * ops.minimum((done + 1.0) / warm_up, falling)


class AveragedMuon(keras.optimizers.Muon):  # type: ignore[misc]
    """Muon for convolution kernels, Adam for the other weights, and averaged weights.

    Keras' own averaging overwrites the weights with their average whenever `fit` ends, which is
    once per epoch here and would disturb the training; here the weights are left unchanged.

    Args:
        highest: Learning rate of the kernels at the end of the warm-up.
        lr_scale: Learning rate of the other weights, relative to that of the kernels.
        ema_decay: Decay of the exponential moving average per step, after its warm-up.
    """

    def __init__(self, highest: float, *, lr_scale: float, ema_decay: float) -> None:
        schedule = WarmUpCosine(highest, steps=1_000_000)
        super().__init__(
            schedule,
            adam_lr_ratio=lr_scale,
            weight_decay=None,
            adam_weight_decay=None,
            use_ema=True,
            ema_momentum=ema_decay,
            global_clipnorm=1.0,
            name="averaged_muon",
        )
        self.schedule = schedule

    def _should_use_adamw(self, variable: Tensor) -> bool:
        return len(variable.shape) != _KERNEL_RANK

    def _backend_update_step(
        self, grads: Tensor, trainable_variables: Tensor, learning_rate: Tensor
    ) -> None:
        """Like Keras' method, but batched over kernels of one shape: a tenth of the operations."""
        alike: dict[tuple[int, int], list[tuple[Tensor, Tensor]]] = {}
        for gradient, variable in zip(grads, trainable_variables, strict=True):
            if self._should_use_adamw(variable):
                self.update_step(gradient, variable, learning_rate)
            else:
                *inputs, outputs = variable.shape
                shape = (math.prod(inputs), outputs)
                alike.setdefault(shape, []).append((gradient, variable))
        for shape, pairs in alike.items():
            self._update_kernels(pairs, shape, learning_rate)

    def _update_kernels(
        self, pairs: list[tuple[Tensor, Tensor]], shape: tuple[int, int], learning_rate: Tensor
    ) -> None:
        """Muon update of kernels of one shape, as matrices with a row for each input."""
        directions = []
        for gradient, variable in pairs:
            m = self.momentums[self._get_variable_index(variable)]
            self.assign(m, self.momentum * m + gradient)
            directions.append(ops.reshape(gradient + self.momentum * m, shape))
        updates = self.zeropower_via_newtonschulz5(ops.stack(directions), self.ns_steps)
        size = learning_rate * self.rms_rate * math.sqrt(max(shape))
        for (_, variable), update in zip(pairs, ops.unstack(updates), strict=True):
            self.assign_sub(variable, ops.reshape(size * update, variable.shape))

    def zeropower_via_newtonschulz5(self, x: Tensor, steps: int) -> Tensor:
        """Newton-Schulz iteration like Keras', but on the smaller of the two Gram matrices.

        All factors are polynomials of the Gram matrix, so they commute and can be multiplied with
        each other first, and with the matrix itself last; this halves the time.

        Args:
            x: Matrices, shape (count, rows, columns).
            steps: Iterations.
        """
        is_wide = x.shape[-2] < x.shape[-1]
        tall = ops.swapaxes(x, -1, -2) if is_wide else x
        tall = tall / (ops.norm(tall, axis=(-2, -1), keepdims=True) + _MIN_NORM)
        products = ops.swapaxes(tall, -1, -2) @ tall
        identity = ops.eye(tall.shape[-1])
        whole = identity
        for _ in range(steps):
            square = products @ products
            factor = self.muon_a * identity + self.muon_b * products + self.muon_c * square
            whole = whole @ factor
            products = factor @ products @ factor
        found = tall @ whole
        return ops.swapaxes(found, -1, -2) if is_wide else found

    def finalize_variable_values(self, var_list: Tensor) -> None:
        """Does nothing: `averaged` swaps the averaged weights in temporarily instead."""

    def _update_model_variables_moving_average(self, trainable_variables: Tensor) -> None:
        """Like Keras' method, but with a short window at first, so that initial weights fade."""
        done = ops.cast(self.iterations, "float32")
        stays = ops.minimum(self.ema_momentum, done / (done + _EMA_WARM_UP_STEPS))
        averages = self._model_variables_moving_average
        for variable, average in zip(trainable_variables, averages, strict=True):
            average.assign(stays * average + (1.0 - stays) * variable)

    @contextmanager
    def averaged(self, variables: list[Tensor]) -> Iterator[None]:
        """Context manager in which the variables have their averages, if there are any yet."""
        kept = [np.asarray(variable).copy() for variable in variables]
        if int(self.iterations):
            means = self._model_variables_moving_average
            for variable, mean in zip(variables, means, strict=True):
                # A copy: on JAX a step consumes the arrays that its variables hold, and the mean
                # would go with the variable that shares it.
                variable.assign(np.asarray(mean).copy())
        try:
            yield
        finally:
            for variable, value in zip(variables, kept, strict=True):
                variable.assign(value)
