"""What the trials of a search are judged by: the thesis' score, or rate and work of the decoder."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np

from core.analysis.rate_distortion import Curve, bd_rate, curve
from core.codecs import jpeg
from core.evaluation.evaluate import evaluate
from core.evaluation.table import to_table
from core.metrics import psnr_db, ssim
from core.models.base import ImageModel, Model
from core.models.training.complexity import measure_work
from core.models.training.feed import ImageFeed, Images
from core.models.training.onnx_export import export_network
from core.models.variable_rate import VariableRateModel
from core.search.spaces import SCORE, SearchSpace
from core.search.studies import PSNR, SSIM

#: Figure of a network at a quality, whose number follows.
_RATE_AT = "bits_per_pixel_"


class Unjudged(Exception):
    """A network that has no value, with the reason."""


class Judgement(NamedTuple):
    """What a trial is worth.

    Attributes:
        values: Value of each objective of the study.
        notes: Further figures.
    """

    values: tuple[float, ...]
    notes: Mapping[str, Any]


class Judge(Protocol):
    """Measures a network on validation images."""

    def __call__(self, network: Any) -> Judgement:
        """What the network is worth.

        Raises:
            Unjudged: It has no value.
        """


@dataclass(frozen=True)
class ScoreJudge:
    """The thesis' objective, maximised here: PSNR + SSIM, computed as in the evaluation.

    Attributes:
        images: Validation images.
        batch: Images per step.
    """

    images: Images
    batch: int

    def __call__(self, network: ImageModel) -> Judgement:
        """Means over the images, after rounding, at range 255."""
        feed = _feed(self.images, self.batch)
        pairs = [
            (original, decoded)
            for (images,) in (feed[step] for step in range(len(feed)))
            for original, decoded in zip(images, network.reconstructions(images), strict=True)
        ]
        psnr = float(np.mean([psnr_db.measure(*pair) for pair in pairs]))
        structure = float(np.mean([ssim.measure(*pair) for pair in pairs]))
        return Judgement((psnr + structure,), {PSNR: psnr, SSIM: structure})


@dataclass
class RateJudge:
    """BD-rate against JPEG and multiply-adds per pixel of the decoder.

    The rates are those that the network's densities give for its symbols, header included.

    Attributes:
        images: Validation images.
        batch: Images per step.
        build: Makes a network of a configuration.
    """

    images: Images
    batch: int
    build: Callable[[Any], ImageModel]

    def __call__(self, network: VariableRateModel) -> Judgement:
        """Curve of the means over the images, compared with JPEG's on the same ones."""
        figures = network.evaluate(
            _feed(self.images, self.batch).for_keras(), verbose=0, return_dict=True
        )
        found = bd_rate(self.reference, _curve(network.name, figures, len(self.images)))
        if found.value is None:
            raise Unjudged(found.reason)
        pixels = self.images.shape[1] * self.images.shape[2]
        notes = {
            "bits_per_pixel": figures["bits_per_pixel"],
            PSNR: figures[PSNR],
            "overlap": found.overlap,
        }
        return Judgement((found.value, self._decoder_work(network.config) / pixels), notes)

    def _decoder_work(self, config: Any) -> int:
        """Multiply-adds of the decoder, the last of the networks, for an image."""
        # A network that is trained in bfloat16 cannot be run elsewhere; its shapes are the same.
        network = self.build(dataclasses.replace(config, precision="float32"))
        (*_, decoder) = network.networks().values()
        (*_, values) = network.network_inputs(self.images[:1]).values()
        return measure_work(export_network(decoder), np.asarray(values)).multiply_adds

    @cached_property
    def reference(self) -> Curve:
        """JPEG's curve on the images."""
        records = [
            evaluate(point, image, image_id=str(number), metrics={PSNR: psnr_db}).record
            for number, image in enumerate(self.images)
            for point in jpeg.sweep()
        ]
        return curve(to_table(records).to_pandas(), codec=jpeg.Jpeg.codec, metric=PSNR)


def make_judge(model: Model, space: SearchSpace, images: Images, batch: int) -> Judge:
    """The judge of a space's objectives.

    Args:
        model: The model that is searched.
        space: Its space.
        images: Validation images, uint8, shape (count, height, width, 3).
        batch: Images per step.
    """
    if SCORE in space.objectives:
        return ScoreJudge(images, batch)
    return RateJudge(images, batch, model.build)


def _feed(images: Images, batch: int) -> ImageFeed:
    return ImageFeed(images, np.arange(len(images)), batch=batch)


def _curve(name: str, figures: Mapping[str, float], images: int) -> Curve:
    """The mean curve of what a network of many qualities gave at each validated one."""
    qualities = sorted(
        int(figure.removeprefix(_RATE_AT)) for figure in figures if figure.startswith(_RATE_AT)
    )
    return Curve(
        name,
        PSNR,
        tuple(f"quality={quality}" for quality in qualities),
        tuple(figures[f"{_RATE_AT}{quality}"] for quality in qualities),
        tuple(figures[f"{PSNR}_{quality}"] for quality in qualities),
        images,
    )
