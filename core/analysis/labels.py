"""Names of codecs and models on the screen and in reports: one for each, everywhere."""

from core.analysis.ladder import CONFIGURATIONS
from core.codecs import codecs, find_codec

#: Display label by model that is trained for the ladder alone.
_STEPS = {rung.codec: f"Ladder: {rung.label[0].lower()}{rung.label[1:]}" for rung in CONFIGURATIONS}


def labels() -> dict[str, str]:
    """Display label by codec; a configuration that is trained for the ladder alone says so."""
    return {name: codec.label for name, codec in codecs().items()} | _STEPS


def label_of(codec: str) -> str:
    """Display label of a codec, also of one that cannot run here."""
    if codec in _STEPS:
        return _STEPS[codec]
    known = find_codec(codec)
    return known.label if known else codec


def label_of_study(name: str, model: str) -> str:
    """Display label of a search of a model, with its name where that is not the model's."""
    return label_of(model) if name == model else f"{label_of(model)}: {name}"
