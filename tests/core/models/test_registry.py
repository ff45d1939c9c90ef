from pathlib import Path

import pytest

import core.codecs
from core.codecs import ae40
from core.models import get_model, models


def test_the_three_autoencoders_of_the_thesis_are_found() -> None:
    assert {"ae20", "ae40", "ae80"} <= set(models())


def test_an_autoencoder_is_one_file_among_the_codecs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = Path(ae40.__file__).read_text().replace("ae40", "ae41").replace("(32, 64)", "(8, 16)")
    (tmp_path / "ae41.py").write_text(text)
    monkeypatch.setattr(core.codecs, "__path__", [*core.codecs.__path__, str(tmp_path)])

    model = get_model("ae41")

    assert (model.label, model.config.filters) == (ae40.ARCHITECTURE.label, (8, 16))
    assert model.build(model.config).name == "ae41"


@pytest.mark.parametrize("name", sorted(models()))
def test_every_model_has_a_label_and_a_checked_config(name: str) -> None:
    model = get_model(name)

    assert model.label
    with pytest.raises(ValueError, match="batch must be at least 1; received 0"):
        type(model.config)(**{**vars(model.config), "batch": 0})


def test_a_wrong_name_is_answered_with_the_names_that_exist() -> None:
    with pytest.raises(
        ValueError, match=r"no model 'ae10'; there are ae20, ae20_rd, ae40, ae40_rd, ae80"
    ):
        get_model("ae10")
