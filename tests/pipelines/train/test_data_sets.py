"""On which images a training goes on, and what is said where others are here."""

import json

import pytest

from core.dataset.splits import array_file
from core.store import ArtifactStore
from pipelines.train import main
from tests.pipelines.train.small_trainings import history_rows, prepare_blocks

TINY = ["ae20", "--filters", "2", "2", "2", "--batch", "120", "--epochs", "1"]
MINE = ["ae20", "--name", "mine"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> ArtifactStore:
    """A store in which `mine` was trained on the data set `other`."""
    store = ArtifactStore(tmp_path_factory.mktemp("trained") / "artifacts")
    prepare_blocks(store)
    prepare_blocks(store, "other", seeds={"train": 1})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOTTLENECK_ARTIFACTS", str(store.root))
        assert main([*TINY, "--name", "mine", "--dataset", "other"]) == 0
    return store


def _card(store: ArtifactStore, name: str = "mine") -> dict[str, object]:
    card: dict[str, object] = json.loads(store.read(f"models/{name}", f"{name}/card.json"))
    return card


def _digest(store: ArtifactStore, dataset: str) -> str:
    return store.manifest(f"datasets/{dataset}").files[array_file("train", dataset)].sha256


def _forget_checkpoints(store: ArtifactStore) -> None:
    for key in store.keys("checkpoints/"):
        store.delete(key)


def test_a_training_goes_on_with_its_data_set_without_being_told_which(
    trained: ArtifactStore, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*MINE, "--resume", "--epochs", "2"]) == 0
    assert (_card(trained)["dataset"], _card(trained)["data"]) == (
        "other",
        _digest(trained, "other"),
    )
    assert main([*MINE, "--export"]) == 0
    # Nor where a checkpoint of an earlier version does not tell the name.
    for key in trained.keys("checkpoints/"):
        facts = {**trained.manifest(key).facts, "dataset": ""}
        trained.restate(key, facts)
    assert main([*MINE, "--resume", "--epochs", "3"]) == 0
    _forget_checkpoints(trained)
    assert main([*MINE, "--resume", "--epochs", "9", "--replace"]) == 0
    assert _card(trained)["dataset"] == "other"

    capsys.readouterr()
    assert main([*MINE, "--resume", "--dataset", "imagenette160"]) == 2
    said = capsys.readouterr().err
    assert "It was trained on the data set other; give --dataset other." in said
    assert "--restart" not in said


def test_the_printed_command_that_starts_anew_keeps_data_set_and_flags(
    trained: ArtifactStore, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main([*TINY, "--name", "mine"]) == 2
    printed = capsys.readouterr().err.split("`")[-2]
    assert printed == (
        "python -m pipelines.train ae20 --name mine --dataset other --batch 120 --epochs 1 "
        "--filters 2 2 2 --restart --replace"
    )
    before = trained.manifest("models/mine").facts["run"]
    assert main(printed.removeprefix("python -m pipelines.train ").split()) == 0
    facts = trained.manifest("models/mine").facts
    assert facts["run"] != before
    assert facts["data"] == _digest(trained, "other")


def test_on_other_images_a_stage_begins_and_a_training_does_not_go_on(
    trained: ArtifactStore, capsys: pytest.CaptureFixture[str]
) -> None:
    before = _digest(trained, "other")
    _forget_checkpoints(trained)
    prepare_blocks(trained, "other", seeds={"train": 2})  # as from another archive
    capsys.readouterr()

    assert main([*MINE, "--resume", "--replace", "--epochs", "2"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "The data set other here is not the one of that name that it was trained on" in line
    assert line.endswith("these: --finetune, with a --name of its own or --replace.")
    assert main([*MINE, "--finetune", "--replace", "--epochs", "2"]) == 0
    card = _card(trained)
    assert card["data"] == _digest(trained, "other") != before
    assert card["training"]["earlier_data"] == [before]  # type: ignore[index]
    assert main([*MINE, "--resume", "--epochs", "3"]) == 0
    assert len(history_rows(trained, "mine")) == 3


def test_a_training_does_not_go_on_with_other_validation_images(
    trained: ArtifactStore, capsys: pytest.CaptureFixture[str]
) -> None:
    train = _digest(trained, "other")
    prepare_blocks(trained, "other", seeds={"train": 1, "validation": 3})
    assert _digest(trained, "other") == train
    capsys.readouterr()

    assert main([*MINE, "--resume", "--epochs", "2"]) == 2
    said = capsys.readouterr().err
    assert "other validation images" in said
    assert "--restart" not in said


def test_a_training_that_has_all_its_epochs_is_not_published_again(
    trained: ArtifactStore, capsys: pytest.CaptureFixture[str]
) -> None:
    _forget_checkpoints(trained)
    before = trained.manifest("models/mine")
    capsys.readouterr()

    assert main([*MINE, "--resume", "--replace"]) == 2
    assert "models/mine has 1 of 1 epochs, so nothing is left to train; give --epochs." in (
        capsys.readouterr().err
    )
    assert trained.manifest("models/mine") == before


def test_a_new_training_replaces_a_published_model_only_when_told_to(
    trained: ArtifactStore, capsys: pytest.CaptureFixture[str]
) -> None:
    before = trained.manifest("models/mine")
    for flags in (["--restart"], ["--finetune"]):
        capsys.readouterr()
        assert main([*TINY, "--name", "mine", *flags]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "is there already, and the new training would take its place" in line
    assert trained.manifest("models/mine") == before
    assert len(trained.keys("checkpoints/mine/")) == 1

    # What was never published is given up at once.
    trained.delete("models/mine")
    assert main([*TINY, "--name", "mine", "--restart"]) == 0
    assert trained.manifest("models/mine").facts["run"] != before.facts["run"]
