import pytest

from core.models import get_model, models


def test_the_three_autoencoders_of_the_thesis_are_found() -> None:
    assert {"ae20", "ae40", "ae80"} <= set(models())


@pytest.mark.parametrize("name", sorted(models()))
def test_every_model_has_a_label_and_a_checked_config(name: str) -> None:
    module = get_model(name)

    assert module.LABEL
    with pytest.raises(ValueError, match="batch must be at least 1; received 0"):
        type(module.CONFIG)(**{**vars(module.CONFIG), "batch": 0})


def test_a_wrong_name_is_answered_with_the_names_that_exist() -> None:
    with pytest.raises(ValueError, match=r"no model 'ae10'; there are ae20, ae40, ae80"):
        get_model("ae10")
