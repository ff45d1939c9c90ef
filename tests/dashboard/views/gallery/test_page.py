import numpy as np
import pytest

from core.codecs import get_codec
from core.dataset.photographs import photographs, pieces
from core.dataset.splits import open_split
from core.evaluation.results import load_results
from core.intake.decode import decode_image
from core.store import ArtifactStore
from tests.dashboard.page_contents import captions, components

VIEW = "gallery"


def tiles(app):
    return next(header for header, _ in components(app) if isinstance(header, list))


def viewer(app):
    return next((header for header, _ in components(app) if isinstance(header, dict)), None)


def tile_images(app):
    """Pixels of every image of every tile."""
    header, files = next(blob for blob in components(app) if isinstance(blob[0], list))
    images = []
    for tile in header:
        images.append([])
        for image in tile["images"]:
            file, files = files[: image["bytes"]], files[image["bytes"] :]
            images[-1].append(decode_image(file).pixels)
    assert files == b""
    return images


def results(store):
    frame = load_results(ArtifactStore(store), "imagenette160").frame
    return frame.astype({"image": "str", "codec": "str", "setting": "str"})


def at(frame, codec, setting):
    rows = frame[(frame["codec"] == codec) & (frame["setting"] == setting)]
    return rows.set_index("image")


def test_the_worst_image_stands_first_with_its_pixels_and_figures(open_page, full_store):
    query = {"codec": "JPEG", "setting": "quality=50"}
    app = open_page(VIEW, full_store, query=query)
    assert not app.exception
    assert not app.warning
    rows = at(results(full_store), "jpeg", "quality=50").sort_values("psnr_db")
    assert [tile["id"] for tile in tiles(app)] == list(rows.index)
    first = tiles(app)[0]
    assert first["figures"][0] == f"PSNR (dB) {rows['psnr_db'].iloc[0]:.2f}"
    assert first["figures"][1].startswith(f"{rows['bytes'].iloc[0]:,.0f} bytes, ")
    split = open_split(ArtifactStore(full_store), "test")
    point = get_codec("jpeg").at(50)
    for tile, (shown,) in zip(tiles(app), tile_images(app), strict=True):
        original = np.asarray(split.images[split.ids.index(tile["id"])])
        np.testing.assert_array_equal(shown, point.decode(point.encode(original)))
        assert tile["title"] == split.classes[split.ids.index(tile["id"])]


def test_best_first_is_the_other_way_round_and_fewer_bits_are_better(open_page, full_store):
    query = {"codec": "JPEG", "setting": "quality=50", "order": "Best first"}
    app = open_page(VIEW, full_store, query={**query, "metric": "Bits per pixel"})
    rates = at(results(full_store), "jpeg", "quality=50")["bits_per_pixel"]
    shown = [rates[tile["id"]] for tile in tiles(app)]
    assert shown == sorted(rates)


def test_the_image_where_a_codec_is_furthest_behind_another_stands_first(open_page, full_store):
    query = {
        "codec": "WebP",
        "setting": "quality=50",
        "order": "Loses most against",
        "second": "JPEG",
        "second_setting": "quality=50",
        "tiles": "With the original",
    }
    app = open_page(VIEW, full_store, query=query)
    assert not app.exception
    frame = results(full_store)
    gaps = at(frame, "webp", "quality=50")["psnr_db"] - at(frame, "jpeg", "quality=50")["psnr_db"]
    assert [gaps[tile["id"]] for tile in tiles(app)] == sorted(gaps)
    names = [[image["name"] for image in tile["images"]] for tile in tiles(app)]
    assert names == [["Original", "WebP", "JPEG"]] * len(gaps)
    assert tiles(app)[0]["figures"][1] == f"gap {gaps.min():+.3g}"


def test_two_settings_of_one_codec_can_be_compared(open_page, full_store):
    query = {
        "codec": "JPEG",
        "setting": "quality=10",
        "order": "Loses most against",
        "second": "JPEG",
        "second_setting": "quality=90",
    }
    app = open_page(VIEW, full_store, query=query)
    assert not app.exception
    names = [image["name"] for image in tiles(app)[0]["images"]]
    assert names == ["JPEG quality=10", "JPEG quality=90"]


def test_the_same_part_of_every_image_is_shown_four_times_magnified(open_page, full_store):
    query = {"codec": "JPEG", "setting": "quality=50", "tiles": "Centre, 4x"}
    app = open_page(VIEW, full_store, query=query)
    split = open_split(ArtifactStore(full_store), "test")
    for tile, (original, decoded) in zip(tiles(app), tile_images(app), strict=True):
        pixels = np.asarray(split.images[split.ids.index(tile["id"])])
        np.testing.assert_array_equal(original[::4, ::4], pixels[60:100, 60:100])
        assert decoded.shape == original.shape


def test_the_second_codec_takes_by_itself_the_setting_nearest_in_bytes(open_page, full_store):
    query = {
        "codec": "JPEG",
        "setting": "quality=10",
        "order": "Wins most against",
        "second": "WebP",
    }
    text = captions(open_page(VIEW, full_store, query=query))
    rates = results(full_store).groupby(["codec", "setting"])["bits_per_pixel"].mean()
    ratios = np.log(rates["webp"] / rates["jpeg"]["quality=10"]).abs()
    assert f"WebP {ratios.idxmin()}: mean" in text


def test_a_metric_of_the_subset_shows_its_images_alone_and_says_so(open_page, full_store):
    app = open_page(VIEW, full_store, query={"metric": "SSIMULACRA2"})
    assert len(tiles(app)) == 2
    assert "SSIMULACRA2 was measured on 2 of" in captions(app)


def test_the_class_filter_leaves_its_class(open_page, full_store):
    split = open_split(ArtifactStore(full_store), "test")
    name = split.classes[0]
    app = open_page(VIEW, full_store, query={"class": name})
    assert {tile["title"] for tile in tiles(app)} == {name}
    assert len(tiles(app)) == split.classes.count(name)


def test_the_images_of_a_subset_are_counted_over_all_classes(open_page, full_store):
    name = open_split(ArtifactStore(full_store), "test").classes[0]
    app = open_page(VIEW, full_store, query={"metric": "SSIMULACRA2", "class": name})
    assert len(tiles(app)) == 1
    assert "SSIMULACRA2 was measured on 2 of" in captions(app)


def test_a_link_opens_an_image_in_the_viewer_with_the_codec_as_b(open_page, full_store):
    image_id = open_split(ArtifactStore(full_store), "test").ids[1]
    query = {"codec": "WebP", "setting": "quality=25", "image": image_id}
    app = open_page(VIEW, full_store, query=query)
    assert not app.exception
    names = [layer["name"] for layer in viewer(app)["layers"]]
    assert names == ["Original", "WebP quality=25", "SSIM map of WebP quality=25"]
    readout = viewer(app)["layers"][1]["readout"]
    row = at(results(full_store), "webp", "quality=25").loc[image_id]
    assert readout["Bytes"] == f"{row['bytes']:,.0f}"
    assert readout["PSNR (dB)"] == f"{row['psnr_db']:.2f}"


@pytest.mark.slow
def test_next_goes_on_in_the_order_of_the_gallery(open_page, full_store):
    app = open_page(VIEW, full_store)
    order = [tile["id"] for tile in tiles(app)]
    app.query_params["image"] = order[0]
    app.run()
    assert next(button for button in app.button if button.label == "Previous").disabled
    next(button for button in app.button if button.label == "Next").click().run()
    assert app.query_params["image"] in (order[1], [order[1]])
    assert f"2 of {len(order)}" in " ".join(text.value for text in app.markdown)


def test_an_image_that_is_none_of_the_gallery_opens_nothing(open_page, full_store):
    app = open_page(VIEW, full_store, query={"image": "../../etc/passwd"})
    assert not app.exception
    assert viewer(app) is None


@pytest.mark.slow
def test_a_lossless_codec_has_no_psnr_and_is_ordered_by_its_rate(open_page, full_store):
    app = open_page(VIEW, full_store, query={"codec": "TIFF, LZW"})
    assert "error is zero" in app.info[0].value
    app.selectbox(key="metric").set_value("bits_per_pixel").run()
    assert not app.exception
    assert tiles(app)


def test_results_of_a_model_that_is_not_here_show_the_originals_and_say_why(open_page, full_store):
    app = open_page(VIEW, full_store, query={"codec": "Autoencoder, 1 layer (80x80)"})
    assert not app.exception
    assert r"Autoencoder, 1 layer \(80x80\) cannot be shown" in app.warning[0].value
    assert {image["name"] for tile in tiles(app) for image in tile["images"]} == {"Original"}


@pytest.mark.slow
def test_without_the_data_set_the_samples_are_shown_and_the_page_says_so(open_page, empty_store):
    app = open_page(VIEW, empty_store)
    assert not app.exception
    assert {tile["id"] for tile in tiles(app)} == set(photographs())
    assert any("pipelines.prepare" in code.value for code in app.code)
    assert "ship with the installed libraries" in " ".join(text.value for text in app.markdown)


@pytest.mark.slow
def test_photographs_are_coded_by_worker_processes_and_never_where_the_page_runs(
    open_page, empty_store, monkeypatch
):
    def refuse(*_):
        raise AssertionError("coded in the process of the page")

    point = get_codec("jpeg").at(50)
    monkeypatch.setattr(type(point), "encode", refuse)
    app = open_page(VIEW, empty_store, query={"codec": "JPEG", "setting": "quality=50"})
    assert not app.exception
    assert not app.warning
    assert {tile["id"] for tile in tiles(app)} == set(photographs())
    assert all(image["name"] == "JPEG" for tile in tiles(app) for image in tile["images"])


@pytest.mark.slow
def test_a_damaged_store_names_the_damage_and_shows_the_samples(open_page, damaged_store):
    app = open_page(VIEW, damaged_store)
    assert not app.exception
    text = " ".join(warning.value for warning in app.warning)
    assert "results/imagenette160/jpeg" in text
    assert {tile["id"] for tile in tiles(app)} == set(photographs())


def test_the_whole_order_can_be_downloaded(open_page, full_store):
    app = open_page(VIEW, full_store)
    keys = {button.proto.id for button in app.get("download_button")}
    assert any(key.endswith("csv-gallery") for key in keys)


@pytest.mark.parametrize("page", ["2", "99"])
def test_a_page_beyond_the_last_is_the_last(open_page, full_store, page):
    app = open_page(VIEW, full_store, query={"page": page})
    assert not app.exception
    assert tiles(app)


@pytest.mark.slow
def test_another_order_starts_at_its_first_page_and_a_link_at_its_own(open_page, empty_store):
    pieces_of = {"images": "Pieces at their own size"}
    app = open_page(VIEW, empty_store, query={**pieces_of, "page": "2"})
    second = {tile["id"] for tile in tiles(app)}
    app.selectbox(key="order").set_value("best").run()
    assert not app.exception
    best = open_page(VIEW, empty_store, query={**pieces_of, "order": "Best first"})
    assert tiles(app) == tiles(best)
    first = open_page(VIEW, empty_store, query=pieces_of)
    assert second.isdisjoint(tile["id"] for tile in tiles(first))


@pytest.mark.slow
def test_pieces_of_the_photographs_are_shown_at_their_own_size(open_page, empty_store):
    app = open_page(VIEW, empty_store, query={"images": "Pieces at their own size"})
    assert not app.exception
    assert {tile["id"].partition(", piece ")[0] for tile in tiles(app)} <= set(photographs())
    first = tiles(app)[0]["id"]
    title, _, number = first.partition(", piece ")
    app.query_params["image"] = first
    app.run()
    assert viewer(app)["full"] == [160, 160]
    assert pieces(photographs()[title])[int(number) - 1].shape == (160, 160, 3)


@pytest.mark.slow
def test_the_photographs_can_be_seen_beside_the_test_images(open_page, full_store):
    app = open_page(VIEW, full_store, query={"images": "Photographs at 160x160"})
    assert {tile["id"] for tile in tiles(app)} == set(photographs())


def test_a_link_to_an_unknown_image_says_so_and_shows_the_gallery(open_page, full_store):
    app = open_page(VIEW, full_store, query={"image": "n1/x"})
    assert not app.exception
    assert "not among these" in app.info[0].value
    assert tiles(app)
    assert "image" not in app.query_params
