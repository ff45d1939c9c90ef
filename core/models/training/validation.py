"""What an epoch's averaged weights are worth, and what is shown of them."""

from dataclasses import dataclass
from typing import Any

from core.images import Image
from core.models.base import ImageModel
from core.models.training.activity import ActivityProbe
from core.models.training.checkpoints import Arrays, weight_arrays
from core.models.training.feed import Images
from core.models.training.step_watch import StepWatch
from core.training_records.previews import join_preview, preview_originals


@dataclass(frozen=True)
class Validation:
    """The weights after an epoch, and what was found of them.

    Attributes:
        weights: The averaged weights.
        figures: Metrics on the validation images.
        units: Columns of the history that count dead and rare units.
        preview: Reconstructions of the preview's images.
        seconds: What the metrics took.
    """

    weights: Arrays
    figures: dict[str, float]
    units: dict[str, float]
    preview: Image
    seconds: float


def validate(
    network: ImageModel, feed: Any, watch: StepWatch, probe: ActivityProbe, images: Images
) -> Validation:
    """Validates the averaged weights of a network.

    Args:
        network: Compiled model.
        feed: Batches of the validated images, as Keras takes them.
        watch: Ends the validation where a stop is asked for.
        probe: Of the network.
        images: All validation images; units are counted on some of them.
    """
    with network.averaged():
        found = network.evaluate(feed, verbose=0, callbacks=[watch], return_dict=True)
        return Validation(
            weights=weight_arrays(network),
            figures={name: float(value) for name, value in found.items()},
            units=probe.columns(images),
            preview=join_preview(network.reconstructions(preview_originals())),
            seconds=watch.seconds,
        )
