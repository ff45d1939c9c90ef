import shutil
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.dataset.splits import KEY, open_split
from core.png import encode_png
from core.store import ArtifactStore
from dashboard.views.data.provenance import archive_line
from tests.dashboard.page_contents import OpenPage, image_files, served_name

COMMAND = "python -m pipelines.prepare"


def _text(app: AppTest) -> str:
    return "\n".join(element.value for element in [*app.markdown, *app.caption, *app.warning])


def _headings(app: AppTest) -> list[str]:
    return [heading.value for heading in app.subheader]


def test_a_full_store_shows_its_splits_and_classes(open_page: OpenPage, full_store: Path) -> None:
    app = open_page("data", full_store)
    assert not app.exception
    values = {tile.label: tile.value for tile in app.metric}
    assert (values["Train"], values["Validation"], values["Test"]) == ("9", "6", "6")
    classes = app.dataframe[0].value
    assert classes["total"].sum() == 21
    assert set(classes["class_name"]) == {"tench", "cassette player", "church"}
    facts = ArtifactStore(full_store).manifest("datasets/imagenette160").facts
    assert f"`{facts['images_sha256']}`" in app.expander[0].table[0].value.to_numpy()


def test_the_top_says_that_the_images_are_of_another_archive(
    open_page: OpenPage, full_store: Path
) -> None:
    app = open_page("data", full_store)
    line = app.markdown[1].value
    assert "not those of the published `imagenette2-160.tgz`" in line
    assert ArtifactStore(full_store).manifest("datasets/imagenette160").facts["source"] in line
    assert "21 images, all of 200x200 pixels" in line
    assert "other test images" not in _text(app)


def test_one_pair_of_near_duplicates_is_no_plural(
    open_page: OpenPage, full_store: Path, tmp_path: Path
) -> None:
    store = ArtifactStore(shutil.copytree(full_store, tmp_path / "one"))
    manifest = store.manifest(KEY)
    found = {**manifest.facts["near_duplicates"], "pairs": [{"first": "a.png", "second": "b.png"}]}
    files = {name: store.read(KEY, name) for name in manifest.files}
    store.commit(KEY, files, facts={**manifest.facts, "near_duplicates": found})
    labels = [expander.label for expander in open_page("data", store.root).expander]
    assert "1 pair of near-duplicates between splits" in labels


def test_results_of_other_images_are_named_with_the_command_that_measures_anew(
    open_page: OpenPage, full_store: Path, tmp_path: Path
) -> None:
    root = shutil.copytree(full_store, tmp_path / "foreign")
    store = ArtifactStore(root)
    key = "results/imagenette160/webp"
    facts = {**store.manifest(key).facts, "dataset": {"name": "imagenette160", "sha256": "0" * 64}}
    store.commit(key, {"webp.parquet": store.read(key, "webp.parquet")}, facts=facts)
    app = open_page("data", root)
    assert "Measured on other test images than those of this data set: WebP." in _text(app)
    assert "python -m pipelines.evaluate webp" in [code.value for code in app.code]


def test_the_published_archive_is_said_to_be_that() -> None:
    facts = {"source": "archive x.tgz", "is_published_archive": True, "counts": {"train": 1}}
    assert "are those of the published `imagenette2-160.tgz`" in archive_line(facts, None)


def test_the_page_warns_that_the_originals_are_jpeg_and_says_why_no_image_is_shipped(
    open_page: OpenPage, full_store: Path
) -> None:
    app = open_page("data", full_store)
    assert "The originals are JPEG files" in app.warning[0].value
    assert "none of them is shipped" in _text(app)


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_link_opens_a_split_and_a_class_pixel_by_pixel(
    open_page: OpenPage, full_store: Path, split: str
) -> None:
    app = open_page("data", full_store, query={"split": split, "class": "church"})
    images = open_split(ArtifactStore(full_store), split)
    expected = [
        served_name(encode_png(np.asarray(image)))
        for image, name in zip(images.images, images.classes, strict=True)
        if name == "church"
    ]
    # The first two images are the preprocessing before and after.
    assert image_files(app)[2:] == expected


def test_a_link_to_a_class_that_does_not_exist_shows_all_classes(
    open_page: OpenPage, full_store: Path
) -> None:
    app = open_page("data", full_store, query={"class": "unicorn"})
    assert not app.exception
    assert len(image_files(app)) == 2 + 6


def test_an_empty_store_gives_the_command_and_explains_on_a_sample(
    open_page: OpenPage, empty_store: Path
) -> None:
    app = open_page("data", empty_store)
    assert not app.exception
    assert [block.value for block in app.code] == [COMMAND]
    assert "From the source to 160x160" in _headings(app)
    assert len(image_files(app)) == 2


def test_proportions_are_said_to_change_only_where_a_source_is_not_square(
    open_page: OpenPage, full_store: Path, empty_store: Path
) -> None:
    square, unknown = (_text(open_page("data", store)) for store in (full_store, empty_store))
    assert "All sources of this data set are square and keep their proportions." in square
    assert "An image that was not square changes its proportions." in unknown


def test_shapes_that_are_not_square_are_drawn_and_their_numbers_are_a_file(
    open_page: OpenPage, full_store: Path, tmp_path: Path
) -> None:
    store = ArtifactStore(shutil.copytree(full_store, tmp_path / "oblong"))
    manifest, name = store.manifest(KEY), "imagenette160/index.parquet"
    files = {file: store.read(KEY, file) for file in manifest.files}
    index = pd.read_parquet(BytesIO(files[name]))
    index.loc[0, "source_width"] = 400
    data = BytesIO()
    index.to_parquet(data, index=False)
    store.commit(KEY, files | {name: data.getvalue()}, facts=manifest.facts)
    app = open_page("data", store.root)
    assert not app.exception
    assert "An image that was not square changes its proportions." in _text(app)
    buttons = [button.proto.id for button in app.get("download_button")]
    assert any(button.endswith("csv-shapes") for button in buttons)


def test_a_damaged_index_is_named_and_the_facts_stay(
    open_page: OpenPage, damaged_store: Path
) -> None:
    app = open_page("data", damaged_store)
    assert not app.exception
    assert "imagenette160/index.parquet" in app.warning[0].value
    assert COMMAND in [block.value for block in app.code]
    assert {tile.label for tile in app.metric} >= {"Train", "Test"}
    assert "Classes" not in _headings(app)


def test_a_clone_without_the_images_keeps_the_index(
    open_page: OpenPage, full_store: Path, tmp_path: Path
) -> None:
    clone = shutil.copytree(full_store, tmp_path / "clone")
    for split in ("train", "validation", "test"):
        (clone / "datasets" / "imagenette160" / f"{split}.npy").unlink()
    app = open_page("data", clone)
    assert not app.exception
    assert [block.value for block in app.code] == [COMMAND]
    assert {"Classes", "Index"} <= set(_headings(app))
    assert len(image_files(app)) == 2
