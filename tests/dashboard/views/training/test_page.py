import json

import numpy as np
import pytest
from streamlit.runtime.media_file_storage import MediaFileKind
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from core.png import encode_png
from core.store import ArtifactStore
from core.training_records.previews import (
    PREVIEWS,
    encode_previews,
    join_preview,
    preview_originals,
    preview_psnr_db,
)

VIEW = "training"
PHASES = ("training", "validation")
AE80, AE40 = "Autoencoder, 1 layer (80x80)", "Autoencoder, 2 layers (40x40)"
LEVEL_MEASURES = ("bits_per_pixel", "psnr_db", "ssim")
HEADER = "epoch,loss,psnr_db,validation_loss,validation_psnr_db,images,seconds,total_seconds"
CONFIG = {"learning_rate": 0.0015, "batch": 32, "epochs": 100, "patience": 5}


def preview(seed):
    return np.random.default_rng(seed).integers(0, 256, (64, 384, 3), dtype=np.uint8)


def commit(root, name, *, epochs=4, running=None, previews=(), **config):
    rows = [
        f"{epoch},{1 / epoch},{20 + epoch},{1.1 / epoch},{19 + epoch},{100 * epoch},60,{60 * epoch}"
        for epoch in range(1, epochs + 1)
    ]
    text = "\n".join([HEADER, *rows]) + "\n"
    facts = {"model": name, "config": CONFIG | config, "running": running, PREVIEWS: list(previews)}
    files = {f"{name}.csv": text.encode()}
    if previews:
        files[f"{name}.png"] = encode_previews([preview(epoch) for epoch in previews])
    ArtifactStore(root).commit(f"histories/{name}", files, facts=facts)


@pytest.fixture
def trained(tmp_path):
    commit(tmp_path, "ae80")
    commit(tmp_path, "ae40", epochs=6, learning_rate=0.0017)
    return tmp_path


def chart(app, key):
    found = [element for element in app.get("plotly_chart") if element.proto.id.endswith(key)]
    assert len(found) == 1
    return json.loads(found[0].proto.spec)


def names(figure):
    return {trace["name"] for trace in figure["data"] if trace.get("name")}


def frame_with(app, column):
    return next(frame.value for frame in app.dataframe if column in frame.value)


def test_runs_lie_over_one_another_in_a_chart_per_measure(open_page, trained):
    app = open_page(VIEW, trained)
    assert not app.exception
    expected = {f"{run}, {phase}" for run in (AE80, AE40) for phase in PHASES}
    assert names(chart(app, "curve-loss")) == expected
    assert names(chart(app, "curve-psnr_db")) == expected


def test_only_what_differs_between_the_runs_is_shown(open_page, trained):
    app = open_page(VIEW, trained)
    assert list(app.table[0].value.index) == ["learning_rate"]
    assert list(app.table[0].value.loc["learning_rate"]) == ["0.0015", "0.0017"]
    assert list(app.table[0].value) == [AE80, AE40]


def test_fields_that_only_some_runs_have_are_folded_away(open_page, trained):
    commit(trained, "ae20", lr_drops=3)
    app = open_page(VIEW, trained)
    assert list(app.table[0].value.index) == ["learning_rate"]
    assert "not set" not in app.table[0].value.to_numpy()
    assert "lr_drops" in app.expander[0].table[0].value.index


@pytest.mark.slow
def test_a_measure_that_no_chosen_run_has_makes_no_empty_chart(open_page, trained):
    text = "epoch,loss,bits_per_pixel\n1,0.5,1.2\n2,0.4,1.1\n"
    facts = {"model": "bottleneck", "config": CONFIG, "running": None}
    files = {"bottleneck.csv": text.encode()}
    ArtifactStore(trained).commit("histories/bottleneck", files, facts=facts)
    assert chart(open_page(VIEW, trained), "curve-bits_per_pixel")["data"]
    app = open_page(VIEW, trained, query={"runs": "ae80"})
    assert not app.exception
    keys = [found.proto.id for found in app.get("plotly_chart")]
    assert not [key for key in keys if key.endswith("curve-bits_per_pixel")]
    assert all(json.loads(found.proto.spec)["data"] for found in app.get("plotly_chart"))
    assert "Not recorded by these runs: Bits per pixel." in captions(app)


def test_dead_units_are_shown_per_layer_where_a_training_counted_them(open_page, trained):
    columns = "units,dead_units,rare_units,dead_units_relu_1,rare_units_relu_1,dead_units_relu_2"
    text = f"epoch,validation_loss,{columns}\n1,0.5,96,3,1,2,1,1\n2,0.4,96,7,2,5,2,2\n"
    facts = {"model": "mine", "config": CONFIG, "running": None}
    ArtifactStore(trained).commit("histories/mine", {"mine.csv": text.encode()}, facts=facts)
    app = open_page(VIEW, trained, query={"runs": "mine"})
    assert not app.exception
    lines = [line.value for line in app.markdown]
    assert "After epoch 2: **7 of 96 units are dead**, 2 more are rare." in lines
    drawn = chart(app, "units-mine")
    assert drawn["data"][0]["y"] == ["relu_1", "relu_2"]
    measures = app.multiselect(key="measures").options
    assert "Dead units" in measures
    assert not [name for name in measures if "relu" in name]


@pytest.mark.slow
def test_one_run_alone_shows_its_whole_configuration(open_page, trained):
    app = open_page(VIEW, trained, query={"runs": "ae80"})
    assert names(chart(app, "curve-loss")) == {f"{AE80}, {phase}" for phase in PHASES}
    assert list(app.table[0].value.index) == list(CONFIG)


@pytest.mark.slow
def test_the_address_restores_runs_measures_axis_scale_and_smoothing(open_page, trained):
    query = {
        "runs": "ae40",
        "measures": "Loss",
        "over": "Minutes",
        "log": "false",
        "smoothing": "0.5",
    }
    app = open_page(VIEW, trained, query=query)
    assert not app.exception
    figure = chart(app, "curve-loss")
    assert figure["layout"]["xaxis"]["title"]["text"] == "Minutes"
    assert figure["layout"]["yaxis"].get("type") != "log"
    assert app.slider(key="smoothing").value == 0.5
    raw = [trace for trace in figure["data"] if not trace.get("name")]
    assert raw
    assert not [c for c in app.get("plotly_chart") if c.proto.id.endswith("curve-psnr_db")]


def test_the_numbers_behind_the_curves_can_be_downloaded(open_page, trained):
    app = open_page(VIEW, trained)
    assert len(frame_with(app, "total_seconds")) == 10
    keys = {button.proto.id.rpartition("-csv-")[2] for button in app.get("download_button")}
    assert keys == {"runs", "differences", "epochs"}


def test_a_running_training_tells_its_speed_and_what_is_left(open_page, trained):
    running = {"epoch": 5, "step": 30, "steps": 60, "images_per_second": 42.0, "seconds_left": 95}
    commit(trained, "ae20", running=running)
    app = open_page(VIEW, trained)
    assert not app.exception
    tiles = {tile.label: tile.value for tile in app.metric}
    assert tiles["Images per second"] == "42"
    assert tiles["Left in this epoch"] == "1 min 35 s"
    assert tiles["Left at most"] == "1 h 35 min"
    assert tiles["Epochs without gain"] == "0 of 5"


def test_without_a_running_training_nothing_is_said_to_run(open_page, trained):
    assert not open_page(VIEW, trained).metric


def test_a_training_between_two_epochs_is_shown_without_figures_it_does_not_have(
    open_page, tmp_path
):
    commit(tmp_path, "ae20", epochs=1, running={"epoch": 2, "step": 0})
    app = open_page(VIEW, tmp_path)
    assert not app.exception
    assert "Images per second" not in {tile.label for tile in app.metric}


def test_a_training_without_a_finished_epoch_says_so(open_page, tmp_path):
    commit(tmp_path, "ae20", epochs=0, running={"epoch": 1, "step": 3, "steps": 9})
    app = open_page(VIEW, tmp_path)
    assert not app.exception
    assert any("has not finished an epoch" in info.value for info in app.info)


@pytest.mark.slow
def test_no_run_and_no_measure_give_a_sentence_in_place_of_charts(open_page, trained):
    app = open_page(VIEW, trained)
    app.multiselect(key="measures").set_value([]).run()
    assert "No measure is chosen" in app.info[0].value
    app.multiselect(key="runs").set_value([]).run()
    assert not app.exception
    assert "No run is chosen" in app.info[0].value


def test_an_empty_store_names_the_command_that_trains(open_page, empty_store):
    app = open_page(VIEW, empty_store)
    assert not app.exception
    assert any("pipelines.train" in code.value for code in app.code)


def test_a_damaged_history_is_named_and_the_others_are_drawn(open_page, trained):
    (trained / "histories" / "ae40.csv").write_text("epoch\n1\n")
    app = open_page(VIEW, trained)
    assert not app.exception
    assert "histories/ae40.csv" in app.warning[0].value
    assert names(chart(app, "curve-loss")) == {f"{AE80}, {phase}" for phase in PHASES}


def test_a_model_with_quality_levels_shows_its_curve_moving(open_page, tmp_path):
    columns = [f"validation_{name}_{level}" for level in (1, 90) for name in LEVEL_MEASURES]
    header = f"{HEADER},{','.join(columns)}"
    rows = [
        f"{epoch},{1 / epoch},20,{1.1 / epoch},19,100,60,60,{0.3 / epoch},22,0.7,{2 / epoch},35,0.9"
        for epoch in (1, 2)
    ]
    facts = {"model": "bottleneck", "config": CONFIG, "running": None}
    files = {"bottleneck.csv": "\n".join([header, *rows, ""]).encode()}
    ArtifactStore(tmp_path).commit("histories/bottleneck", files, facts=facts)

    app = open_page(VIEW, tmp_path, query={"curve_bottleneck": "SSIM"})
    assert not app.exception
    figure = chart(app, "levels-bottleneck")
    assert names(figure) == {"epoch 1", "epoch 2, kept"}
    assert figure["layout"]["yaxis"]["title"]["text"] == "SSIM"
    assert names(chart(app, "curve-psnr_db")) == {f"BNK, {phase}" for phase in PHASES}


def served(preview):
    """Names under which Streamlit serves exactly the six images of a preview, at twice the size."""
    storage = MemoryMediaFileStorage("/media")
    double = np.ones((2, 2, 1), np.uint8)
    return [
        storage.load_and_get_id(
            encode_png(np.kron(image, double)), "image/png", MediaFileKind.MEDIA
        )
        for image in np.split(preview, 6, axis=1)
    ]


def shown(app):
    urls = [image.proto.imgs[0].url for image in app.get("image")]
    return [url.rpartition("/")[2].removesuffix(".png") for url in urls]


def captions(app):
    return " ".join(caption.value for caption in app.caption)


def titles(app):
    return [line.value for line in app.markdown if ": PSNR " in line.value]


@pytest.fixture
def with_previews(tmp_path):
    """Folder of a store with a run of four previews, and one whose first epochs have none."""
    commit(tmp_path, "ae80", previews=(1, 2, 3, 4))
    commit(tmp_path, "ae40", epochs=6, previews=(5, 6))
    return tmp_path


def test_the_newest_images_of_each_run_are_shown_below_the_originals(open_page, with_previews):
    app = open_page(VIEW, with_previews)
    assert not app.exception
    expected = [join_preview(preview_originals()), preview(4), preview(6)]
    assert shown(app) == [name for row in expected for name in served(row)]
    assert titles(app) == [
        f"**{AE80}** after epoch 4: PSNR {preview_psnr_db(preview(4)):.2f} dB",
        f"**{AE40}** after epoch 6: PSNR {preview_psnr_db(preview(6)):.2f} dB",
    ]
    assert app.get("image")[6].proto.imgs[0].alt == f"Face, {AE80} after epoch 4"


def test_one_slider_moves_all_runs_to_their_newest_images_at_or_before_an_epoch(
    open_page, with_previews
):
    app = open_page(VIEW, with_previews)
    assert app.select_slider(key="epoch").options == ["1", "2", "3", "4", "5", "newest"]
    app.select_slider(key="epoch").set_value(5).run()
    assert shown(app)[6:] == served(preview(4)) + served(preview(5))
    app.select_slider(key="epoch").set_value(2).run()
    assert not app.exception
    assert shown(app)[6:] == served(preview(2))
    assert f"**{AE40}** kept no images up to epoch 2." in captions(app)


@pytest.mark.slow
def test_the_address_restores_the_epoch_and_a_foreign_one_is_the_newest(open_page, with_previews):
    app = open_page(VIEW, with_previews, query={"epoch": "3", "runs": "ae80"})
    assert titles(app)[0].startswith(f"**{AE80}** after epoch 3:")
    app = open_page(VIEW, with_previews, query={"epoch": "77", "runs": "ae80"})
    assert not app.exception
    assert titles(app)[0].startswith(f"**{AE80}** after epoch 4:")


@pytest.mark.slow
def test_the_slider_follows_a_training_unless_a_person_chose_an_epoch(open_page, tmp_path):
    commit(tmp_path, "ae80", epochs=2, previews=(1, 2), running={"epoch": 3, "step": 0})
    app = open_page(VIEW, tmp_path)
    commit(tmp_path, "ae80", epochs=3, previews=(1, 2, 3), running={"epoch": 4, "step": 0})
    assert titles(app.run())[0].startswith(f"**{AE80}** after epoch 3:")
    app.select_slider(key="epoch").set_value(2).run()
    commit(tmp_path, "ae80", previews=(1, 2, 3, 4), running={"epoch": 5, "step": 0})
    assert titles(app.run())[0].startswith(f"**{AE80}** after epoch 2:")


def test_a_single_epoch_needs_no_slider(open_page, tmp_path):
    commit(tmp_path, "ae80", epochs=1, previews=(1,))
    app = open_page(VIEW, tmp_path)
    assert not app.exception
    assert len(shown(app)) == 12
    assert not app.select_slider


def test_runs_without_images_say_so_in_one_line(open_page, trained):
    app = open_page(VIEW, trained)
    assert not app.exception
    assert shown(app) == []
    assert "None of the chosen runs kept images" in captions(app)


def test_damaged_images_are_named_and_those_of_other_runs_shown(open_page, with_previews):
    (with_previews / "histories" / "ae40.png").write_bytes(b"no image")
    app = open_page(VIEW, with_previews)
    assert not app.exception
    assert any("histories/ae40.png" in warning.value for warning in app.warning)
    assert shown(app)[6:] == served(preview(4))
