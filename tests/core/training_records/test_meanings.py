"""What is told of losses that stand in one table."""

from pathlib import Path

import pytest

from core.store import ArtifactStore
from core.training_records.meanings import loss_meaning
from core.training_records.runs import TrainingRun, read_runs

SHIPPED = ArtifactStore(Path(__file__).parents[3] / "artifacts")


def runs(*names: str) -> list[TrainingRun]:
    found = read_runs(SHIPPED).runs
    return [found[name] for name in names]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["ae20", "ae40"], "Loss: mean squared error of values from 0 to 1."),
        (["bottleneck"], "balanced over the qualities."),
        (["ladder_lattice", "ladder_context"], "balanced over the qualities."),
        (["bottleneck", "ladder_lattice"], "with other weights or another distortion."),
        (["ae20", "ladder_lattice"], "Losses of the two kinds cannot be compared."),
        (["ae20", "bottleneck", "ladder_lattice"], "with other weights or another distortion."),
    ],
)
def test_losses_are_called_comparable_only_where_they_weigh_alike(
    names: list[str], expected: str
) -> None:
    assert loss_meaning(runs(*names)).endswith(expected)
