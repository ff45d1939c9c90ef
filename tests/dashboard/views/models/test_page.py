import shutil
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import pytest

from core.dataset.splits import sample_images
from core.store import ArtifactStore
from tests.dashboard.page_contents import chart, frame_with
from tests.dashboard.views.models.pooling_models import STRIDES, words

VIEW = "models"


def tiles(app):
    return {tile.label: tile.value for tile in app.metric}


def test_without_a_model_the_commands_that_train_each_are_named(open_page, empty_store):
    app = open_page(VIEW, empty_store)
    assert not app.exception
    commands = " ".join(code.value for code in app.code).split("\n")
    assert {f"python -m pipelines.train {name}" for name in STRIDES} <= set(commands)
    assert not app.metric


def test_a_model_that_is_missing_leaves_the_others_and_names_its_command(
    open_page, trained, tmp_path
):
    root = shutil.copytree(trained, tmp_path / "two")
    ArtifactStore(root).delete("models/ae40")
    app = open_page(VIEW, root)
    assert not app.exception
    assert list(frame_with(app, "values_per_pixel")["model"]) == ["ae80", "ae20"]
    commands = [line for code in app.code for line in code.value.splitlines()]
    assert "python -m pipelines.train ae40" in commands


def test_the_card_tells_what_the_training_said(open_page, trained):
    app = open_page(VIEW, trained, query={"model": "Autoencoder, 3 layers (20x20)"})
    assert not app.exception
    shown = tiles(app)
    assert shown["Parameters"] == "1,234"
    assert shown["Latent"] == "20x20x3"
    assert shown["Values per pixel"] == "0.05"
    assert shown["PSNR, float latent"] == "27.50 dB"
    text = words(app)
    assert "c0ffeec0ffee" in text
    assert "12, weights of epoch 9" in text
    assert "10 minutes" in text


def test_a_card_says_when_the_history_is_that_of_another_training(open_page, trained, tmp_path):
    root = shutil.copytree(trained, tmp_path / "replaced")
    store, told = ArtifactStore(root), "The history is that of another, newer training."
    run = store.manifest("models/ae40").facts.get("run", "")
    for history, is_other in ((run, False), ("f00d", True)):
        store.commit("histories/ae40", {"ae40.csv": b"epoch\n1\n"}, facts={"run": history})
        app = open_page(VIEW, root, query={"model": "Autoencoder, 2 layers (40x40)"})
        assert not app.exception
        assert (told in [caption.value for caption in app.caption]) is is_other


def test_a_card_begins_with_what_the_model_is_and_what_it_makes_of_an_image(open_page, trained):
    app = open_page(VIEW, trained, query={"model": "Autoencoder, 2 layers (40x40)"})
    first = next(line.value for line in app.markdown if "It turns" in line.value)
    assert "a latent of 40x40x3 = 4,800 values, **6%** of the number" in first
    assert "Trained for 12 epochs (the thesis allowed 100)" in first
    captions = [image.proto.imgs[0].caption for image in app.get("image")][:3]
    assert captions[0] == "Original, 160x160"
    assert "**File, quality 50**" in captions[1]
    assert " bytes · " in captions[1]
    assert "bytes" not in captions[2]


def test_the_link_to_the_training_opens_that_run_alone(open_page, trained):
    app = open_page(VIEW, trained, query={"model": "Autoencoder, 2 layers (40x40)"})
    links = [link.proto for link in app.get("page_link") if link.proto.page == "training"]
    assert [parse_qs(link.query_string) for link in links] == [
        {"runs": ["Autoencoder, 2 layers (40x40)"]}
    ]


@pytest.mark.slow
def test_results_of_another_model_are_marked_with_the_command_that_measures_this_one(
    open_page, trained_and_prepared
):
    store, key = ArtifactStore(trained_and_prepared), "results/imagenette160/ae80"
    app = open_page(VIEW, trained_and_prepared)
    assert "are of another model" not in words(app)
    facts = {**store.manifest(key).facts, "model": "0" * 64}
    store.commit(key, {"ae80.parquet": store.read(key, "ae80.parquet")}, facts=facts)
    app = open_page(VIEW, trained_and_prepared)
    assert "are of another model than this one" in words(app)
    assert "python -m pipelines.evaluate ae80" in [code.value for code in app.code]
    other = open_page(VIEW, trained_and_prepared, query={"model": "Autoencoder, 2 layers (40x40)"})
    assert "are of another model" not in words(other)


def test_the_model_id_is_the_one_in_the_files_of_the_codec(open_page, trained):
    from core.codecs import get_codec

    image = next(iter(sample_images().values()))[:32, :32]
    data = get_codec("ae80").at(50, ArtifactStore(trained)).encode(image)
    assert data[2:4].hex() in words(open_page(VIEW, trained))


def test_unmeasured_rates_name_the_command_that_measures_them(open_page, trained):
    assert any("pipelines.evaluate ae80" in code.value for code in open_page(VIEW, trained).code)


def test_measured_rates_stand_beside_the_float_latent_that_has_none(
    open_page, trained_and_prepared
):
    table = frame_with(open_page(VIEW, trained_and_prepared), "bits_per_pixel")
    rates = table.set_index("setting")["bits_per_pixel"]
    assert np.isnan(rates["float"])
    assert (rates.drop("float") > 0).all()


def test_the_layers_end_where_they_began_and_shrink_to_the_latent(open_page, trained):
    app = open_page(VIEW, trained, query={"model": "Autoencoder, 2 layers (40x40)"})
    notes = [note["text"] for note in chart(app, "layers")["layout"]["annotations"]]
    assert notes[0].startswith("Image: <b>160 x 160 x 3")
    assert "160 x 160 x 3" in notes[-1]
    assert any("the latent: <b>40 x 40 x 3 = 4,800" in note for note in notes)


@pytest.mark.slow
def test_channels_cost_more_at_a_finer_step(open_page, trained):
    app = open_page(VIEW, trained)
    coarse = app.slider(key="channel_quality").set_value(10).run()
    few = _total(coarse)
    fine = coarse.slider(key="channel_quality").set_value(90).run()
    assert not fine.exception
    assert _total(fine) > 2 * few


def _total(app):
    caption = next(text.value for text in app.caption if "bits per pixel altogether" in text.value)
    return float(caption.split()[0])


@pytest.mark.slow
def test_the_verify_button_finds_whole_files_whole(open_page, trained):
    app = open_page(VIEW, trained)
    assert set(frame_with(app, "sha256")["state"]) == {"not checked"}
    app.button(key="verify").click().run()
    assert "All 4 files" in app.success[0].value
    assert set(frame_with(app, "sha256")["state"]) == {"as it was written"}


@pytest.mark.slow
def test_the_verify_button_names_a_changed_file(open_page, trained, tmp_path):
    root = Path(shutil.copytree(trained, tmp_path / "changed"))
    file = root / "models" / "ae80" / "encoder.onnx"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    app = open_page(VIEW, root)
    assert not app.exception
    app.button(key="verify").click().run()
    assert not app.exception
    assert "ae80/encoder.onnx" in app.error[0].value


def test_a_damaged_card_is_named_and_hides_no_other_model(open_page, trained, tmp_path):
    root = Path(shutil.copytree(trained, tmp_path / "damaged"))
    (root / "models" / "ae80" / "card.json").write_text("{}")
    app = open_page(VIEW, root)
    assert not app.exception
    assert any("models/ae80/card.json" in warning.value for warning in app.warning)
    assert list(frame_with(app, "values_per_pixel")["model"]) == ["ae40", "ae20"]
