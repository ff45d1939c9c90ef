"""What the losses and the PSNR of trainings are of, which depends on what they are trained for."""

from collections.abc import Sequence

from core.training_records.runs import TrainingRun

#: A card counts more images: of epochs that were undone or cut short, too.
IMAGES_MEANING = (
    "Images and minutes are of the finished epochs; a model's card also counts those of epochs "
    "that were undone or cut short."
)
_RATE_LOSS = "estimated bits per pixel plus weighted distortion, balanced over the qualities"
_OTHER_WEIGHTS = "losses with other weights or another distortion"
_ERROR_LOSS = "mean squared error of values from 0 to 1"
_QUANTISED = "images from quantised latents, the mean over the validated qualities"
_BEFORE_QUANTISATION = "what the network gives back, before any quantisation"


def loss_meaning(runs: Sequence[TrainingRun]) -> str:
    """What the loss of the trainings is, and which of them cannot be compared by it."""
    kinds = _kinds(runs)
    if len(kinds) == 2:
        meaning = (
            f"Loss, trained for rate: {_RATE_LOSS}; the others: {_ERROR_LOSS}. Losses of the two "
            "kinds cannot be compared"
        )
        return meaning + (f", nor {_OTHER_WEIGHTS}." if _weighs_unlike(runs) else ".")
    meaning = f"Loss: {_RATE_LOSS if True in kinds else _ERROR_LOSS}."
    return meaning + (f" Not to be compared: {_OTHER_WEIGHTS}." if _weighs_unlike(runs) else "")


def psnr_meaning(runs: Sequence[TrainingRun]) -> str:
    """Of which images the validation PSNR is."""
    kinds = _kinds(runs)
    if len(kinds) == 2:
        return (
            f"Validation PSNR, trained for rate: of {_QUANTISED}; the others: of "
            f"{_BEFORE_QUANTISATION}."
        )
    return f"Validation PSNR: of {_QUANTISED if True in kinds else _BEFORE_QUANTISATION}."


def _kinds(runs: Sequence[TrainingRun]) -> set[bool]:
    """Whether trainings are for rate: those are validated as they code."""
    return {_is_rated(run) for run in runs}


def _weighs_unlike(runs: Sequence[TrainingRun]) -> bool:
    """Whether trainings for rate weigh rate and distortion in more than one way."""
    weights = ("lowest_weight", "highest_weight", "ssim_share", "visual_share", "aligned_share")
    found = {tuple(run.config.get(name, 0.0) for name in weights) for run in runs if _is_rated(run)}
    return len(found) > 1


def _is_rated(run: TrainingRun) -> bool:
    return "validation_bits_per_pixel" in run.frame
