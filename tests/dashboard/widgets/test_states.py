from streamlit.testing.v1 import AppTest

from dashboard.widgets.states import short_hash


def _missing() -> None:
    from core.store import MissingArtifact
    from dashboard.widgets.states import show_artifact_error

    show_artifact_error(MissingArtifact("models/ae80", "models/ae80/x.onnx", "does not exist"))


def _damaged() -> None:
    from core.store import DamagedArtifact
    from dashboard.widgets.states import show_artifact_error

    show_artifact_error(
        DamagedArtifact("results/imagenette160/jpeg", "results/x.parquet", "is damaged: cut short")
    )


def test_a_missing_artifact_is_an_empty_state_with_its_command() -> None:
    app = AppTest.from_function(_missing, default_timeout=120).run()
    assert not app.warning
    assert "`artifacts/models/ae80/x.onnx` does not exist" in app.markdown[1].value
    assert [block.value for block in app.code] == ["python -m pipelines.train ae80"]


def test_a_damaged_artifact_is_a_warning_that_names_file_reason_and_command() -> None:
    app = AppTest.from_function(_damaged, default_timeout=120).run()
    assert "artifacts/results/x.parquet" in app.warning[0].value
    assert "is damaged: cut short" in app.warning[0].value
    assert [block.value for block in app.code] == ["python -m pipelines.evaluate jpeg"]


def test_a_hash_is_shortened_and_its_absence_said() -> None:
    assert short_hash("0123456789abcdef") == "0123456789ab"
    assert short_hash(None) == "none"
