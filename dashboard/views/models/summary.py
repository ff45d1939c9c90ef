"""Description of a model: network, end of the training, and limits."""

from collections.abc import Mapping
from typing import Any

from core.plain_english import counted
from core.store.key import DEFAULT_DATASET
from core.training_records.model_card import ModelCard, TrainingSummary

#: Values of a 160x160 image: red, green and blue of each pixel.
IMAGE_VALUES = 160 * 160 * 3
#: Metrics in the loss beside squared error, by the field of the configuration with their share.
DISTORTION_SHARES = {"ssim_share": "SSIM", "visual_share": "SSIMULACRA2"}
#: Maximum number of epochs in the thesis.
THESIS_EPOCHS = 100

LIMITS = """
- Trained on {images}. For other kinds of images, such as screenshots, drawings and text, the
  quality may be worse than the curves suggest.
{training}
- Images of any size are accepted: they are padded and coded in tiles. Very large images are
  refused, with the limit in the message.
- Entropy decoding uses integers only, so a file decodes on every machine; the synthesis is a float
  network, whose pixels may differ by one level between processors.
"""
#: Of the shipped data set, on which every card of an earlier version was trained.
SHIPPED_IMAGES = "small photographs of ten classes, resized to 160x160"
BLIND_TO_RATE = """
- Trained for squared error on latents that were never quantised, as in the thesis: the loss did not
  include the rate, so its files are larger than necessary.
"""
TRAINED_FOR_RATE = """
- Trained for rate and distortion, the distortion being {distortion}; by other metrics its rank may
  differ.
- A network needs more time and memory than a conventional codec: see Speed.
"""


def description(model: ModelCard) -> str:
    """Description of the network in one sentence of Markdown."""
    count = model.parameters
    size = "parameters unknown" if count is None else f"{count:,} parameters"
    if not model.latent:
        return f"A network of {size}."
    values = model.latent[0] * model.latent[1] * model.latent[2]
    shape = "x".join(map(str, model.latent))
    ratio = values / IMAGE_VALUES
    compared = f"**{ratio:.1f} times as many**" if ratio >= 1 else f"**{ratio:.0%}** of the number"
    as_image = "as the image itself has" if ratio >= 1 else "that the image itself has"
    return (
        f"A network of {size}. It turns a 160x160 image into a latent of {shape} = {values:,} "
        f"values, {compared} {as_image}."
    )


def training_end(model: ModelCard) -> str:
    """How long the training ran and why it ended, in one sentence."""
    epochs, best = model.training.epochs, model.training.best_epoch
    if epochs is None:
        return "The card does not say how the training ended."
    reason = _reason(epochs, model.training.ended_by, model.config) + _lowered(model.training)
    kept = f"; the weights of epoch {best} are kept" if best else ""
    falling = ", its validation loss still falling" if best == epochs else ""
    trained = f"Trained for {counted(epochs, 'epoch')}{_thesis(epochs, model)}"
    return f"{trained}; ended {reason}{falling}{kept}."


def limits_of(model: ModelCard) -> str:
    """Limits of the model, in Markdown."""
    for_rate = TRAINED_FOR_RATE.format(distortion=_distortion(model.config))
    training = for_rate if model.is_trained_for_rate else BLIND_TO_RATE
    return LIMITS.format(images=_training_images(model), training=training.strip())


def _training_images(model: ModelCard) -> str:
    own = model.dataset not in (None, DEFAULT_DATASET)
    images = f"the data set `{model.dataset}`, resized to 160x160" if own else SHIPPED_IMAGES
    crops = ", and on crops of larger photographs" if model.training.saw_photographs else ""
    return f"{images}{crops}"


def _distortion(config: Mapping[str, Any]) -> str:
    """What the loss calls distortion, with the share of each part."""
    shares = {label: config.get(field, 0.0) for field, label in DISTORTION_SHARES.items()}
    parts = [f"{share:.0%} {label}" for label, share in shares.items() if share]
    if not parts:
        return "squared error"
    *first, last = [f"{1 - sum(shares.values()):.0%} squared error", *parts]
    return f"{', '.join(first)} and {last}"


def _reason(epochs: int, ended_by: str | None, config: Mapping[str, Any]) -> str:
    planned = config.get("epochs")
    if ended_by == "early stopping":
        return f"by early stopping after {config.get('patience', 'some')} epochs without gain"
    if ended_by == "epoch limit":
        return "with the last epoch that was asked for"
    if ended_by == "stopped by hand":
        of_all = f" of at most {planned}" if planned else ""
        return f"by request after epoch {epochs}{of_all}"
    return "for a reason that the card does not say" if ended_by is None else f"by {ended_by}"


def _lowered(training: TrainingSummary) -> str:
    """That the learning rate was lowered before the end; empty where it was not."""
    if not training.lr_drops:
        return ""
    times = "once" if training.lr_drops == 1 else f"{training.lr_drops} times"
    alone = (
        f" (otherwise it would have ended after epoch {training.first_stop})"
        if training.first_stop
        else ""
    )
    return f", after the learning rate was lowered {times}{alone}"


def _thesis(epochs: int, model: ModelCard) -> str:
    fewer = not model.is_trained_for_rate and epochs < THESIS_EPOCHS
    return f" (the thesis allowed {THESIS_EPOCHS})" if fewer else ""
