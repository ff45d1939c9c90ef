"""Base class of networks that code at any quality, trained at random ones for bits and error."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
from keras import ops

from core.entropy.fixed_point import QUALITIES
from core.models.base import ImageModel
from core.models.tensor import Tensor


class VariableRateModel(ImageModel):
    """A network whose `call` returns the loss and the metrics of each image.

    Its optimiser has a schedule and keeps averaged weights, as
    `core.models.training.averaged_muon.AveragedMuon` does.

    Attributes:
        config: Shape and training, as the model's module describes them.
        means: Running mean by name of the metrics that `call` returns beside `loss` and `psnr_db`.
    """

    config: Any
    means: dict[str, keras.metrics.Mean]

    def plan(self, steps: int, *, forgotten: int = 0) -> None:
        """Sets the length of the learning rate schedule in steps."""
        self.optimizer.schedule.steps = steps
        self.optimizer.schedule.forgotten = forgotten

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Context manager in which the network has its averaged weights."""
        with self.optimizer.averaged(self.trainable_variables):
            yield

    def compute_loss(
        self,
        x: Tensor = None,
        y: Tensor = None,
        y_pred: Tensor = None,
        sample_weight: Tensor = None,
        training: bool = True,
    ) -> Tensor:
        """Mean of the images' losses."""
        return ops.mean(y_pred["loss"])

    def compute_metrics(
        self, x: Tensor, y: Tensor, y_pred: Tensor, sample_weight: Tensor = None
    ) -> dict[str, Tensor]:
        """Running means of the values that `call` returned."""
        names = [name for name in y_pred if name != "loss"]
        for name in names:
            mean = self.psnr_db if name == "psnr_db" else self.means[name]
            mean.update_state(y_pred[name])
        found = self.get_metrics_result()
        return {name: found[name] for name in ("loss", *names)}


def network_quality(quality: int) -> float:
    """A quality in 1..100 mapped to the network's range, 0..1."""
    return (quality - 1) / (QUALITIES - 1)
