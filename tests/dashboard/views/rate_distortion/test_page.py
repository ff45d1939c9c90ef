import pytest

from core.store import ArtifactStore
from tests.dashboard.page_contents import captions, chart, trace_names
from tests.dashboard.views.rate_distortion.shown_tables import VIEW, bd_frame, points_frame


def test_a_full_store_shows_a_curve_per_codec_and_no_trouble(open_page, full_store):
    app = open_page(VIEW, full_store)
    assert not app.exception
    assert not app.warning
    drawn = trace_names(chart(app, "curves"))
    assert {"JPEG", "WebP", "AVIF 4:4:4"} <= set(drawn)
    assert not any(name.startswith("Autoencoder") for name in drawn)
    assert not any("TIFF" in name for name in drawn)


def test_the_page_says_what_its_means_are_over_and_where_they_come_from(open_page, full_store):
    text = captions(open_page(VIEW, full_store))
    images = ArtifactStore(full_store).manifest("results/imagenette160/jpeg").facts["rows"] // 5
    assert f"over {images} of {images} images" in text
    assert f"{images} images · 7 codecs · code " in text


def test_a_metric_of_the_subset_says_so(open_page, full_store):
    app = open_page(VIEW, full_store, query={"metric": "SSIMULACRA2"})
    assert app.segmented_control(key="metric").value == "ssimulacra2"
    assert "a fixed subset of 2 of" in captions(app)


def test_the_address_restores_metric_codecs_anchor_and_scale(open_page, full_store):
    query = {
        "metric": "SSIM",
        "codecs": ["JPEG", "WebP", "TIFF, LZW"],
        "anchor": "WebP",
        "log": "false",
        "spread": "10-90 % bars",
    }
    app = open_page(VIEW, full_store, query=query)
    figure = chart(app, "curves")
    assert trace_names(figure) == ["JPEG", "WebP", "TIFF, LZW (lossless)"]
    assert figure["layout"]["yaxis"]["title"]["text"] == "SSIM"
    assert figure["layout"]["xaxis"].get("type") != "log"
    assert figure["data"][0]["error_y"]["array"]
    assert app.selectbox(key="anchor").value == "webp"
    assert list(bd_frame(app)["codec"]) == ["jpeg"]


@pytest.mark.slow
def test_the_range_of_rates_says_how_many_points_it_leaves_out(open_page, full_store):
    app = open_page(VIEW, full_store)
    before = len(points_frame(app))
    app.select_slider(key="rates").set_value((0.0, 1)).run()
    after = points_frame(app)
    assert after["bits_per_pixel"].max() <= 1
    assert f"leaves out {before - len(after)} of {before} points" in captions(app)


def test_a_chosen_point_shows_its_worst_and_best_images(open_page, full_store):
    app = open_page(VIEW, full_store, query={"point": "JPEG, quality=50"})
    assert app.selectbox(key="point").value == "jpeg/quality=50"
    worst, best = (frame.value for frame in app.dataframe if "image" in frame.value)
    assert worst["value"].is_monotonic_increasing
    assert best["value"].iloc[0] >= worst["value"].iloc[-1]
    ring = chart(app, "curves")["data"][-1]
    assert ring["marker"]["symbol"] == "circle-open"


@pytest.mark.slow
def test_leaving_out_the_codec_of_the_chosen_point_forgets_the_point(open_page, full_store):
    app = open_page(VIEW, full_store, query={"point": "JPEG, quality=50"})
    app.multiselect(key="codecs").set_value(["webp", "avif_444"]).run()
    assert not app.exception
    assert app.selectbox(key="point").value is None


def test_every_table_can_be_downloaded(open_page, full_store):
    app = open_page(VIEW, full_store, query={"point": "JPEG, quality=50"})
    keys = {button.proto.id.rpartition("-csv-")[2] for button in app.get("download_button")}
    assert keys >= {"points", "bd", "matrix", "lossless", "images"}


@pytest.mark.slow
def test_no_codec_gives_a_sentence_in_place_of_the_chart(open_page, full_store):
    app = open_page(VIEW, full_store)
    app.multiselect(key="codecs").set_value([]).run()
    assert not app.exception
    assert "choose a codec" in app.info[0].value


@pytest.mark.slow
def test_a_lossless_codec_alone_is_drawn_without_curves(open_page, full_store):
    app = open_page(VIEW, full_store)
    app.multiselect(key="codecs").set_value(["tiff_lzw"]).run()
    assert not app.exception
    assert trace_names(chart(app, "curves")) == ["TIFF, LZW (lossless)"]


def test_an_empty_store_names_the_command_that_fills_it(open_page, empty_store):
    app = open_page(VIEW, empty_store)
    assert not app.exception
    assert any("pipelines.evaluate" in code.value for code in app.code)


def test_a_damaged_store_names_the_damage_and_draws_the_rest(open_page, damaged_store):
    app = open_page(VIEW, damaged_store)
    assert not app.exception
    text = " ".join(warning.value for warning in app.warning)
    assert "results/imagenette160/jpeg" in text
    assert "results/imagenette160/webp" in text
    assert "AVIF 4:4:4" in trace_names(chart(app, "curves"))


@pytest.mark.slow
@pytest.mark.parametrize("codec", ["jpeg", "webp", "avif_444", "tiff_lzw", "ae80", "ae40", "ae20"])
def test_a_store_of_one_codec_still_draws(open_page, full_store, tmp_path, codec):
    source, store = ArtifactStore(full_store), ArtifactStore(tmp_path)
    key = f"results/imagenette160/{codec}"
    data = source.read(key, f"{codec}.parquet")
    store.commit(key, {f"{codec}.parquet": data}, facts=source.manifest(key).facts)
    assert not open_page(VIEW, tmp_path).exception


@pytest.mark.slow
def test_a_choice_that_was_drawn_before_looks_the_same_again(open_page, full_store):
    choices = [{"codecs": ["JPEG", "WebP"]}, {"codecs": ["JPEG"], "spread": "10-90 % bars"}]
    first, second, again = (
        chart(open_page(VIEW, full_store, query=query), "curves")
        for query in (*choices, choices[0])
    )
    assert first == again
    assert trace_names(first) == ["JPEG", "WebP"]
    assert trace_names(second) == ["JPEG"]
    assert "error_y" in second["data"][0]
    assert "error_y" not in first["data"][0]


def test_one_toggle_draws_the_autoencoders_too(open_page, full_store):
    app = open_page(VIEW, full_store)
    app.toggle(key="autoencoders").set_value(True).run()
    assert not app.exception
    drawn = trace_names(chart(app, "curves"))
    assert sum(name.startswith("Autoencoder") for name in drawn) == 3


@pytest.mark.slow
def test_without_containers_every_rate_is_smaller_and_the_axis_says_so(open_page, full_store):
    whole = points_frame(open_page(VIEW, full_store)).set_index(["codec", "setting"])
    app = open_page(VIEW, full_store, query={"rate": "Without containers"})
    assert not app.exception
    payload = points_frame(app).set_index(["codec", "setting"])
    assert (payload["bits_per_pixel"] < whole.loc[payload.index, "bits_per_pixel"]).all()
    assert "without containers" in chart(app, "curves")["layout"]["xaxis"]["title"]["text"]


@pytest.mark.slow
def test_the_psnr_of_the_mean_squared_error_lies_below_the_mean_psnr(open_page, full_store):
    mean = points_frame(open_page(VIEW, full_store))
    app = open_page(VIEW, full_store, query={"mean": "Of the mean squared error"})
    assert not app.exception
    pooled = points_frame(app)
    assert (pooled["value"] < mean["value"]).all()
    assert "mean squared error" in chart(app, "curves")["layout"]["yaxis"]["title"]["text"]


@pytest.mark.slow
def test_taking_codecs_away_one_by_one_keeps_a_range_that_was_chosen_before(open_page, full_store):
    app = open_page(VIEW, full_store, query={"rates": ["0.1", "200"]})
    app.session_state["rates"] = (0.1, 139.1)
    for codecs in (["jpeg", "webp"], ["jpeg"], [], ["webp"]):
        app.multiselect(key="codecs").set_value(codecs).run()
        assert not app.exception
