from pathlib import Path

import pytest

from core.store import ArtifactStore
from pipelines import import_results

CURVE = "codec,bpp,psnr\nVVenC,0.25,31\nVVenC,0.5,33.5\nVVenC,1,36.25\n"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ArtifactStore:
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(tmp_path / "artifacts"))
    return ArtifactStore(tmp_path / "artifacts")


def run(path: Path, *flags: str) -> int:
    return import_results.main([str(path), "--dataset", "kodak", *flags])


def written(path: Path, text: str = CURVE) -> Path:
    path.write_text(text)
    return path


def test_a_file_becomes_an_artifact_of_its_own_with_its_source(store, tmp_path, capsys) -> None:
    path = written(tmp_path / "My curves (2).csv")
    assert run(path, "--source", "Them, 2026") == 0
    facts = store.manifest("imports/kodak/my-curves-2").facts
    assert facts["sources"] == ["Them, 2026"]
    assert facts["curves"] == ["VVenC"]
    assert facts["metrics"] == ["psnr_db"]
    assert store.keys("results/") == []
    said = capsys.readouterr().out
    assert "1 curve (VVenC), 3 points, PSNR (dB)." in said
    assert "Nothing was measured on kodak yet" in said


@pytest.mark.parametrize(
    ("dataset", "images"),
    [
        ("imagenette160", ""),
        ("prepared", " --dataset prepared"),
        ("kodak", " --images DIR --dataset kodak"),
    ],
)
def test_the_command_that_shows_the_curves_is_one_for_their_data_set(
    store, tmp_path, capsys, dataset: str, images: str
) -> None:
    store.commit("datasets/prepared", {}, facts={})
    path = written(tmp_path / "curve.csv")
    assert run(path, "--source", "them", "--dataset", dataset) == 0
    said = capsys.readouterr().out
    assert said.endswith(f"shows the curves after python -m pipelines.evaluate{images}\n")


def test_another_file_replaces_an_import_only_when_asked(store, tmp_path, capsys) -> None:
    path = written(tmp_path / "curve.csv")
    assert run(path, "--source", "them") == 0
    assert run(path, "--source", "those") == 0  # the same file, told better
    written(path, CURVE.replace("31", "32"))
    assert run(path, "--source", "them") == 2
    assert "--replace" in capsys.readouterr().err
    assert run(path, "--source", "them", "--replace") == 0
    assert run(path, "--source", "them", "--name", "more") == 0
    assert store.keys("imports/") == ["imports/kodak/curve", "imports/kodak/more"]


@pytest.mark.parametrize(
    ("text", "flags", "message"),
    [
        (CURVE, (), "Say where the points come from"),
        (CURVE + "VVenC,1,36.25\n", ("--source", "x"), "twice"),
        (CURVE.replace("31", "NaN"), ("--source", "x"), "finite number"),
        (CURVE, ("--source", "<script>"), "without < and >"),
        (CURVE, ("--source", "x", "--name", "published"), "choose another name"),
        (CURVE, ("--source", "x", "--name", "../up"), "--name takes"),
    ],
)
def test_bad_input_ends_with_one_line_and_status_2(
    store, tmp_path, capsys, text, flags, message
) -> None:
    assert run(written(tmp_path / "curve.csv", text), *flags) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1
    assert store.keys("imports/") == []


def test_a_file_that_is_not_there_is_one_line_too(store, tmp_path, capsys) -> None:
    assert run(tmp_path / "absent.csv", "--source", "x") == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert run(tmp_path, "--source", "x") == 2
    assert "no regular file" in capsys.readouterr().err
