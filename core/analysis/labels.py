"""Names of codecs and models on the screen and in reports: one for each, everywhere."""

from core.analysis.ladder import CONFIGURATIONS
from core.codecs import codecs


def labels() -> dict[str, str]:
    """Display label by codec; a configuration that is trained for the ladder alone says so."""
    steps = {
        rung.codec: f"Ladder: {rung.label[0].lower()}{rung.label[1:]}" for rung in CONFIGURATIONS
    }
    return {name: codec.label for name, codec in codecs().items()} | steps


def label_of(codec: str) -> str:
    """Display label of a codec, also of one that cannot run here."""
    return labels().get(codec, codec)
