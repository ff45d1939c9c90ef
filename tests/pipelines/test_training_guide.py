"""The guide to training leaves to cards and histories what another training makes false."""

from pathlib import Path

from core.store import ArtifactStore
from core.training_records.model_cards import read_cards

GUIDE = Path(__file__).resolve().parents[2] / "pipelines" / "TRAINING.md"


def test_the_guide_repeats_no_figure_of_a_card() -> None:
    text = GUIDE.read_text()
    cards = read_cards(ArtifactStore.default()).cards
    assert cards
    for name, card in cards.items():
        seen = card.training.images_seen
        assert seen is None or f"{seen:,}" not in text, name


def test_the_guide_does_not_say_how_the_shipped_trainings_ended() -> None:
    shipped = " ".join(
        GUIDE.read_text().partition("How the shipped models were trained")[2].split()
    )
    assert "stopped by hand" not in shipped
    assert "card" in shipped
