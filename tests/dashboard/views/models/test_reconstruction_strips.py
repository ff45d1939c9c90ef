import pytest

from core.dataset.splits import open_split
from core.store import ArtifactStore
from tests.dashboard.page_contents import image_files
from tests.dashboard.views.models.pooling_models import STRIDES, words

VIEW = "models"


def test_strips_show_samples_where_the_data_set_is_not_prepared(open_page, trained):
    app = open_page(VIEW, trained)
    assert "pipelines.prepare" in words(app)
    example = 3  # the card's: the original, from its file, from the latent that is not rounded
    assert len(image_files(app)) == example + 3 * (1 + len(STRIDES))


def test_strips_show_test_images_where_the_data_set_is_prepared(open_page, trained_and_prepared):
    app = open_page(VIEW, trained_and_prepared, query={"pick": "Number", "number": "2"})
    assert not app.exception
    ids = open_split(ArtifactStore(trained_and_prepared), "test").ids
    assert all(image_id in words(app) for image_id in ids[1:3])
    assert ids[0] not in words(app)


@pytest.mark.slow
def test_a_seed_draws_the_same_images_again_and_another_seed_draws_others(
    open_page, trained_and_prepared
):
    first, again, other = (
        open_page(VIEW, trained_and_prepared, query={"seed": seed}) for seed in ("3", "3", "4")
    )
    titles = [list(app.selectbox(key="closer").options) for app in (first, again, other)]
    assert titles[0] == titles[1] != titles[2]


def test_a_class_leaves_only_its_images(open_page, trained_and_prepared):
    split = open_split(ArtifactStore(trained_and_prepared), "test")
    app = open_page(VIEW, trained_and_prepared, query={"class": split.classes[0]})
    titles = app.selectbox(key="closer").options
    assert titles
    assert all(title.startswith(split.classes[0]) for title in titles)


def test_quantised_strips_say_their_rate(open_page, trained):
    app = open_page(VIEW, trained, query={"latent": "Quantised to a file", "quality": "30"})
    assert not app.exception
    assert app.slider(key="quality").value == 30
    images = [image for element in app.get("image") for image in element.proto.imgs]
    assert sum("bpp" in image.caption for image in images) == 3 * len(STRIDES)
