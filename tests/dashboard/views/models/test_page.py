import json
import shutil
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import pytest
from onnx import TensorProto, helper

from core.codecs.onnx_network import OnnxNetwork
from core.dataset.splits import open_split, sample_images
from core.entropy.latent_tables import fit_latent_tables
from core.store import ArtifactStore

VIEW = "models"
STRIDES = {"ae80": 2, "ae40": 4, "ae20": 8}


def _network(nodes, kind):
    shape = [None, None, None, 3]
    constants = [helper.make_tensor("scale", TensorProto.FLOAT, [], [255.0])]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        constants,
    )
    opsets = [helper.make_opsetid("", 18)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString()


def _encoder(stride):
    """Mean of each block: what a network with one pooling layer and no weights would keep."""
    nodes = [
        helper.make_node("Cast", ["x"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["f", "scale"], ["u"]),
        helper.make_node("Transpose", ["u"], ["t"], perm=[0, 3, 1, 2]),
        helper.make_node(
            "AveragePool", ["t"], ["p"], kernel_shape=[stride, stride], strides=[stride, stride]
        ),
        helper.make_node("Transpose", ["p"], ["y"], perm=[0, 2, 3, 1]),
    ]
    return _network(nodes, TensorProto.UINT8)


def _decoder(stride):
    """Each value over its block again."""
    scales = helper.make_tensor("scales", TensorProto.FLOAT, [4], [1.0, 1.0, stride, stride])
    nodes = [
        helper.make_node("Constant", [], ["s"], value=scales),
        helper.make_node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2]),
        helper.make_node(
            "Resize",
            ["t", "", "s"],
            ["r"],
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        ),
        helper.make_node("Transpose", ["r"], ["y"], perm=[0, 2, 3, 1]),
    ]
    return _network(nodes, TensorProto.FLOAT)


def _card(name, stride):
    size = 160 // stride
    return {
        "model": name,
        "parameters": 1234,
        "latent": [size, size, 3],
        "stride": stride,
        "multiply_adds_per_pixel": {"encoder": 30.5, "decoder": 60.0},
        "validation": {"images": 6, "psnr_db": 27.5, "ssim": 0.8125},
        "data": "c0ffee" * 10,
        "training": {"epochs": 12, "best_epoch": 9, "seconds": 600.0, "seed": 7},
        "config": {"filters": [3] * int(np.log2(stride)), "activation": "relu"},
    }


def _commit(store, name, stride):
    encoder = _encoder(stride)
    images = np.stack([image[:160, :160] for image in sample_images().values()])
    tables = fit_latent_tables(OnnxNetwork(encoder).run, lambda: iter([images]))
    files = {
        f"{name}/encoder.onnx": encoder,
        f"{name}/decoder.onnx": _decoder(stride),
        f"{name}/tables.npz": tables.to_bytes(),
        f"{name}/card.json": json.dumps(_card(name, stride)).encode(),
    }
    store.commit(f"models/{name}", files, facts={"model": name})


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Folder of a store that has the three models and nothing else."""
    store = ArtifactStore(tmp_path_factory.mktemp("trained"))
    for name, stride in STRIDES.items():
        _commit(store, name, stride)
    return store.root


@pytest.fixture
def trained_and_prepared(trained, full_store, tmp_path):
    """The same with the tiny data set and its results."""
    root = Path(shutil.copytree(full_store, tmp_path / "both"))
    shutil.copytree(trained / "models", root / "models")
    return root


def words(app):
    """All that a person reads outside charts and data frames."""
    kinds = ("markdown", "caption", "code", "warning", "error", "success", "subheader")
    tables = [table.value.to_string() for table in app.table]
    return " ".join([element.value for kind in kinds for element in app.get(kind)] + tables)


def chart(app, key):
    found = [element for element in app.get("plotly_chart") if element.proto.id.endswith(key)]
    assert len(found) == 1
    return json.loads(found[0].proto.spec)


def tiles(app):
    return {tile.label: tile.value for tile in app.metric}


def image_count(app):
    return len(app.get("image"))


def frame_with(app, column):
    return next(frame.value for frame in app.dataframe if column in frame.value)


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


def test_strips_show_samples_where_the_data_set_is_not_prepared(open_page, trained):
    app = open_page(VIEW, trained)
    assert "pipelines.prepare" in words(app)
    example = 3  # the card's: the original, from its file, from the latent that is not rounded
    assert image_count(app) == example + 3 * (1 + len(STRIDES))


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
