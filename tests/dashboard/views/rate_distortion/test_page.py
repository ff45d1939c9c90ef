import json
import shutil
from io import BytesIO

import numpy as np
import pandas as pd
import pytest

from core.store import ArtifactStore
from pipelines import import_results

VIEW = "rate_distortion"


def chart(app, key):
    """The figure with that key, as plain JSON."""
    found = [element for element in app.get("plotly_chart") if element.proto.id.endswith(key)]
    assert len(found) == 1, f"{len(found)} charts end in {key}"
    return json.loads(found[0].proto.spec)


def names(figure):
    return [trace["name"] for trace in figure["data"] if trace.get("name")]


def captions(app):
    return " ".join(caption.value for caption in app.caption)


def bd_frame(app):
    return next(frame.value for frame in app.dataframe if "bd_rate_percent" in frame.value)


def points_frame(app):
    return next(frame.value for frame in app.dataframe if "value_p10" in frame.value)


def test_a_full_store_shows_a_curve_per_codec_and_no_trouble(open_page, full_store):
    app = open_page(VIEW, full_store)
    assert not app.exception
    assert not app.warning
    drawn = names(chart(app, "curves"))
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
    assert names(figure) == ["JPEG", "WebP", "TIFF, LZW (lossless)"]
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


def test_bd_rates_stand_with_interval_and_overlap_against_the_anchor(open_page, full_store):
    table = bd_frame(open_page(VIEW, full_store)).set_index("codec")
    assert "jpeg" not in table.index
    webp = table.loc["webp"]
    assert webp["low_percent"] <= webp["bd_rate_percent"] <= webp["high_percent"]
    assert 0 < webp["overlap_percent"] <= 100


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
def test_one_codec_alone_has_a_curve_and_no_bd_rate(open_page, full_store):
    app = open_page(VIEW, full_store)
    app.multiselect(key="codecs").set_value(["jpeg"]).run()
    assert not app.exception
    assert names(chart(app, "curves")) == ["JPEG"]
    assert "second codec" in app.info[0].value


@pytest.mark.slow
def test_a_lossless_codec_alone_is_drawn_without_curves(open_page, full_store):
    app = open_page(VIEW, full_store)
    app.multiselect(key="codecs").set_value(["tiff_lzw"]).run()
    assert not app.exception
    assert names(chart(app, "curves")) == ["TIFF, LZW (lossless)"]


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
    assert "AVIF 4:4:4" in names(chart(app, "curves"))


@pytest.mark.slow
@pytest.mark.parametrize("codec", ["jpeg", "webp", "avif_444", "tiff_lzw", "ae80", "ae40", "ae20"])
def test_a_store_of_one_codec_still_draws(open_page, full_store, tmp_path, codec):
    source, store = ArtifactStore(full_store), ArtifactStore(tmp_path)
    key = f"results/imagenette160/{codec}"
    data = source.read(key, f"{codec}.parquet")
    store.commit(key, {f"{codec}.parquet": data}, facts=source.manifest(key).facts)
    assert not open_page(VIEW, tmp_path).exception


@pytest.mark.slow
def test_published_curves_lie_over_an_evaluation_on_kodak_and_no_other(
    open_page, full_store, tmp_path
):
    store = ArtifactStore(shutil.copytree(full_store, tmp_path / "with-kodak"))
    key = "results/imagenette160/jpeg"
    facts, table = store.manifest(key).facts, store.read(key, "jpeg.parquet")
    store.commit("results/kodak/jpeg", {"jpeg.parquet": table}, facts=facts)
    elsewhere = open_page(VIEW, store.root)
    assert not any("published" in name for name in names(chart(elsewhere, "curves")))
    app = open_page(VIEW, store.root, query={"dataset": "kodak"})
    assert {"JPEG", "VTM (published)"} <= set(names(chart(app, "curves")))
    assert "quoted and not measured here" in captions(app)
    app.multiselect(key="quoted").set_value(["published/AV1"]).run()
    assert [n for n in names(chart(app, "curves")) if "published" in n] == ["AV1 (published)"]
    app.segmented_control(key="metric").set_value("ssim").run()
    assert not any("published" in name for name in names(chart(app, "curves")))


@pytest.mark.slow
def test_a_named_data_set_is_offered_and_compared_within_itself_alone(
    open_page, full_store, tmp_path
):
    store = ArtifactStore(shutil.copytree(full_store, tmp_path / "two"))
    for codec in ("jpeg", "webp"):
        table = store.read(f"results/imagenette160/{codec}", f"{codec}.parquet")
        facts = {"dataset": {"name": "mine", "sha256": "1" * 64}}
        store.commit(f"results/mine/{codec}", {f"{codec}.parquet": table}, facts=facts)
    app = open_page(VIEW, store.root)
    assert app.selectbox(key="dataset").options == ["imagenette160", "mine"]
    assert app.selectbox(key="dataset").value == "imagenette160"
    assert "AVIF 4:4:4" in names(chart(app, "curves"))
    app.selectbox(key="dataset").set_value("mine").run()
    assert not app.exception
    assert set(names(chart(app, "curves"))) == {"JPEG", "WebP"}
    assert "results/imagenette160" not in captions(app)


@pytest.mark.slow
def test_a_choice_that_was_drawn_before_looks_the_same_again(open_page, full_store):
    choices = [{"codecs": ["JPEG", "WebP"]}, {"codecs": ["JPEG"], "spread": "10-90 % bars"}]
    first, second, again = (
        chart(open_page(VIEW, full_store, query=query), "curves")
        for query in (*choices, choices[0])
    )
    assert first == again
    assert names(first) == ["JPEG", "WebP"]
    assert names(second) == ["JPEG"]
    assert "error_y" in second["data"][0]
    assert "error_y" not in first["data"][0]


def test_one_toggle_draws_the_autoencoders_too(open_page, full_store):
    app = open_page(VIEW, full_store)
    app.toggle(key="autoencoders").set_value(True).run()
    assert not app.exception
    drawn = names(chart(app, "curves"))
    assert sum(name.startswith("Autoencoder") for name in drawn) == 3


def test_the_bytes_at_a_quality_are_read_off_with_a_line_on_the_chart(open_page, full_store):
    app = open_page(VIEW, full_store, query={"at_psnr_db": "32"})
    [table] = [frame.value for frame in app.dataframe if "ratio" in frame.value][:1]
    jpeg = table.set_index("codec").loc["jpeg"]
    assert jpeg["ratio"] == pytest.approx(1.0)
    assert jpeg["bytes"] == pytest.approx(jpeg["bits_per_pixel"] * 160 * 160 / 8, abs=0.51)
    assert table["bits_per_pixel"].is_monotonic_increasing
    layout = chart(app, "curves")["layout"]
    assert [shape["y0"] for shape in layout["shapes"] if shape["y0"] == shape["y1"]] == [32.0]
    texts = {note["text"] for note in layout["annotations"]}
    assert texts == {"32.00 dB", "1 bpp"}


def test_at_a_rate_the_best_codec_stands_first(open_page, full_store):
    app = open_page(VIEW, full_store, query={"at_rate": "1.5"})
    table = [frame.value for frame in app.dataframe if "ratio" in frame.value][1]
    assert set(table["bits_per_pixel"]) == {1.5}
    assert table["value"].dropna().is_monotonic_decreasing


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


@pytest.mark.slow
def test_bd_rates_lie_on_the_disk_for_the_next_server_and_follow_the_results(
    open_page, full_store, tmp_path
):
    store = ArtifactStore(shutil.copytree(full_store, tmp_path / "kept"))
    query = {"metric": "SSIM"}  # those by PSNR are stored with the results
    first = bd_frame(open_page(VIEW, store.root, query=query))
    name = "bd-rate-imagenette160-ssim-jpeg"
    key = f"cache/dashboard/{name}"
    kept = pd.read_parquet(BytesIO(store.read(key, f"{name}.parquet")))
    assert set(kept["codec"]) >= set(first["codec"])
    state = store.manifest(key).facts["state"]
    store.delete("results/imagenette160/webp")
    second = bd_frame(open_page(VIEW, store.root, query=query))
    assert store.manifest(key).facts["state"] != state
    assert set(first["codec"]) - set(second["codec"]) == {"webp"}


@pytest.mark.slow
def test_imported_curves_are_dashed_beside_ours_with_their_source_and_bd_rates(
    open_page, full_store, tmp_path, monkeypatch
):
    store = ArtifactStore(shutil.copytree(full_store, tmp_path / "with-import"))
    curve = tmp_path / "vvenc.csv"
    points = [f"VVenC,{rate},{20 + 8 * rate}\n" for rate in (0.5, 1, 2, 3)]
    curve.write_text("codec,bpp,psnr\n" + "".join(points))
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(store.root))
    flags = ["--dataset", "imagenette160", "--source", "Somebody, 2026, *by hand*"]
    assert import_results.main([str(curve), *flags]) == 0
    app = open_page(VIEW, store.root)
    assert not app.exception
    drawn = chart(app, "curves")["data"]
    [trace] = [one for one in drawn if one.get("name") == "VVenC (vvenc)"]
    assert (trace["mode"], trace["line"]["dash"]) == ("lines", "dash")
    assert "Somebody, 2026, *by hand*" in " ".join(text.value for text in app.text)
    row = bd_frame(app).set_index("label").loc["VVenC (vvenc)"]
    assert np.isfinite(row["bd_rate_percent"])
    assert np.isnan(row["low_percent"])
    assert "VVenC (vvenc)" in chart(app, "matrix")["data"][0]["x"]
    app.selectbox(key="anchor").set_value("vvenc/VVenC").run()
    assert not app.exception
    assert "JPEG" in set(bd_frame(app)["label"])
    app.multiselect(key="quoted").set_value([]).run()
    assert not app.exception
    assert "VVenC (vvenc)" not in names(chart(app, "curves"))
    findings = open_page("findings", store.root)
    assert not findings.exception
    assert "VVenC" not in " ".join(one.value for one in [*findings.markdown, *findings.caption])


@pytest.mark.slow
def test_a_metric_that_some_codecs_lack_is_read_off_and_says_which_with_the_command(
    open_page, full_store, tmp_path
):
    store = ArtifactStore(shutil.copytree(full_store, tmp_path / "added"))
    for codec in ("jpeg", "webp", "avif_444", "ae80", "ae40", "ae20"):
        key, file = f"results/imagenette160/{codec}", f"{codec}.parquet"
        table = pd.read_parquet(BytesIO(store.read(key, file)))
        table["psnr_hvs_m"] = table["psnr_db"] + 3 if codec in ("jpeg", "webp") else np.nan
        data = BytesIO()
        table.to_parquet(data, index=False)
        store.commit(key, {file: data.getvalue()}, facts=store.manifest(key).facts)
    app = open_page(VIEW, store.root, query={"metric": "psnr_hvs_m"})
    app.segmented_control(key="metric").set_value("psnr_hvs_m").run()
    assert not app.exception
    assert {"JPEG", "WebP"} <= set(names(chart(app, "curves")))
    [line] = [one.value for one in app.info if "Not measured for" in one.value]
    assert "AVIF 4:4:4" in line
    assert "evaluate ae20 ae40 ae80 avif_444 --metric psnr_hvs_m" in line
    assert 15 < app.number_input(key="at_psnr_hvs_m").value < 60
    assert "Not measured here: MS-SSIM" in app.segmented_control(key="metric").help


@pytest.mark.slow
def test_images_of_mixed_sizes_have_rates_per_image_and_per_pixel(open_page, full_store, tmp_path):
    store = ArtifactStore(shutil.copytree(full_store, tmp_path / "mixed"))
    key = "results/imagenette160/jpeg"
    table = pd.read_parquet(BytesIO(store.read(key, "jpeg.parquet")))
    first = table["image"].iloc[0]
    table.loc[table["image"] == first, ["width", "height"]] = 320
    data = BytesIO()
    table.to_parquet(data, index=False)
    store.commit("results/mixed/jpeg", {"jpeg.parquet": data.getvalue()}, facts={})
    app = open_page(VIEW, store.root, query={"dataset": "mixed"})
    assert not app.exception
    assert "2 sizes, from 160x160 to 320x320" in captions(app)
    [rates] = [one.value for one in app.dataframe if "bits_per_pixel_of_all" in one.value]
    assert (rates["bits_per_pixel_of_all"] < rates["bits_per_pixel"]).all()
    plain = open_page(VIEW, full_store)
    assert not any("bits_per_pixel_of_all" in one.value for one in plain.dataframe)
    assert "sizes, from" not in captions(plain)
