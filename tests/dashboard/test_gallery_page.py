import json

import numpy as np
import pytest

from core.dataset import open_split, sample_pictures
from core.evaluation import load_results
from core.images import decode_picture
from core.store import ArtifactStore

VIEW = "gallery"


def blobs(app):
    """Header and bytes of the components on the page, in their order."""
    found = []
    for element in app.get("bidi_component"):
        data = element.proto.bytes
        length = int.from_bytes(data[:4], "little")
        found.append((json.loads(data[4 : 4 + length]), data[4 + length :]))
    return found


def tiles(app):
    return next(header for header, _ in blobs(app) if isinstance(header, list))


def viewer(app):
    return next((header for header, _ in blobs(app) if isinstance(header, dict)), None)


def tile_pictures(app):
    """Pixels of every picture of every tile."""
    header, files = next(blob for blob in blobs(app) if isinstance(blob[0], list))
    pictures = []
    for tile in header:
        pictures.append([])
        for picture in tile["pictures"]:
            file, files = files[: picture["bytes"]], files[picture["bytes"] :]
            pictures[-1].append(decode_picture(file).pixels)
    assert files == b""
    return pictures


def results(store):
    frame = load_results(ArtifactStore(store), "imagenette160").frame
    return frame.astype({"image": "str", "family": "str", "setting": "str"})


def at(frame, family, setting):
    rows = frame[(frame["family"] == family) & (frame["setting"] == setting)]
    return rows.set_index("image")


def captions(app):
    return " ".join(caption.value for caption in app.caption)


def test_the_worst_picture_stands_first_with_its_pixels_and_figures(open_page, full_store):
    from core.codecs import get_family

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
    codec = get_family("jpeg").at(50)
    for tile, (shown,) in zip(tiles(app), tile_pictures(app), strict=True):
        original = np.asarray(split.images[split.ids.index(tile["id"])])
        np.testing.assert_array_equal(shown, codec.decode(codec.encode(original)))
        assert tile["title"] == split.classes[split.ids.index(tile["id"])]


def test_best_first_is_the_other_way_round_and_fewer_bits_are_better(open_page, full_store):
    query = {"codec": "JPEG", "setting": "quality=50", "order": "Best first"}
    app = open_page(VIEW, full_store, query={**query, "metric": "Bits per pixel"})
    rates = at(results(full_store), "jpeg", "quality=50")["bits_per_pixel"]
    shown = [rates[tile["id"]] for tile in tiles(app)]
    assert shown == sorted(rates)


def test_the_picture_where_a_codec_is_furthest_behind_another_stands_first(open_page, full_store):
    query = {
        "codec": "WebP",
        "setting": "quality=50",
        "order": "Furthest behind",
        "second": "JPEG",
        "second_setting": "quality=50",
        "tiles": "With the original",
    }
    app = open_page(VIEW, full_store, query=query)
    assert not app.exception
    frame = results(full_store)
    gaps = at(frame, "webp", "quality=50")["psnr_db"] - at(frame, "jpeg", "quality=50")["psnr_db"]
    assert [gaps[tile["id"]] for tile in tiles(app)] == sorted(gaps)
    names = [[picture["name"] for picture in tile["pictures"]] for tile in tiles(app)]
    assert names == [["Original", "WebP", "JPEG"]] * len(gaps)
    assert tiles(app)[0]["figures"][1] == f"gap {gaps.min():+.3g}"


def test_two_settings_of_one_codec_can_be_compared(open_page, full_store):
    query = {
        "codec": "JPEG",
        "setting": "quality=10",
        "order": "Furthest behind",
        "second": "JPEG",
        "second_setting": "quality=90",
    }
    app = open_page(VIEW, full_store, query=query)
    assert not app.exception
    names = [picture["name"] for picture in tiles(app)[0]["pictures"]]
    assert names == ["JPEG quality=10", "JPEG quality=90"]


def test_the_same_part_of_every_picture_is_shown_four_times_magnified(open_page, full_store):
    query = {"codec": "JPEG", "setting": "quality=50", "tiles": "Middle, 4 times"}
    app = open_page(VIEW, full_store, query=query)
    split = open_split(ArtifactStore(full_store), "test")
    for tile, (original, decoded) in zip(tiles(app), tile_pictures(app), strict=True):
        pixels = np.asarray(split.images[split.ids.index(tile["id"])])
        np.testing.assert_array_equal(original[::4, ::4], pixels[60:100, 60:100])
        assert decoded.shape == original.shape


def test_the_second_codec_takes_by_itself_the_setting_nearest_in_bytes(open_page, full_store):
    query = {"codec": "JPEG", "setting": "quality=10", "order": "Furthest ahead", "second": "WebP"}
    text = captions(open_page(VIEW, full_store, query=query))
    rates = results(full_store).groupby(["family", "setting"])["bits_per_pixel"].mean()
    ratios = np.log(rates["webp"] / rates["jpeg"]["quality=10"]).abs()
    assert f"WebP {ratios.idxmin()}: mean" in text


def test_a_metric_of_the_subset_shows_its_pictures_alone_and_says_so(open_page, full_store):
    app = open_page(VIEW, full_store, query={"metric": "SSIMULACRA2"})
    assert len(tiles(app)) == 2
    assert "SSIMULACRA2 was measured on 2 of" in captions(app)


def test_the_class_filter_leaves_its_class(open_page, full_store):
    split = open_split(ArtifactStore(full_store), "test")
    name = split.classes[0]
    app = open_page(VIEW, full_store, query={"class": name})
    assert {tile["title"] for tile in tiles(app)} == {name}
    assert len(tiles(app)) == split.classes.count(name)


def test_a_link_opens_a_picture_in_the_viewer_with_the_codec_as_b(open_page, full_store):
    image_id = open_split(ArtifactStore(full_store), "test").ids[1]
    query = {"codec": "WebP", "setting": "quality=25", "picture": image_id}
    app = open_page(VIEW, full_store, query=query)
    assert not app.exception
    names = [layer["name"] for layer in viewer(app)["layers"]]
    assert names == ["Original", "WebP quality=25", "SSIM map of WebP quality=25"]
    readout = viewer(app)["layers"][1]["readout"]
    row = at(results(full_store), "webp", "quality=25").loc[image_id]
    assert readout["Bytes"] == f"{row['bytes']:,.0f}"
    assert readout["PSNR (dB)"] == f"{row['psnr_db']:.2f}"


def test_next_goes_on_in_the_order_of_the_gallery(open_page, full_store):
    app = open_page(VIEW, full_store)
    order = [tile["id"] for tile in tiles(app)]
    app.query_params["picture"] = order[0]
    app.run()
    assert next(button for button in app.button if button.label == "Previous").disabled
    next(button for button in app.button if button.label == "Next").click().run()
    assert app.query_params["picture"] in (order[1], [order[1]])
    assert f"2 of {len(order)}" in " ".join(text.value for text in app.markdown)


def test_a_picture_that_is_none_of_the_gallery_opens_nothing(open_page, full_store):
    app = open_page(VIEW, full_store, query={"picture": "../../etc/passwd"})
    assert not app.exception
    assert viewer(app) is None


def test_a_lossless_codec_has_no_psnr_and_is_ordered_by_its_rate(open_page, full_store):
    app = open_page(VIEW, full_store, query={"codec": "TIFF, LZW"})
    assert "error is zero" in app.info[0].value
    app.segmented_control(key="metric").set_value("bits_per_pixel").run()
    assert not app.exception
    assert tiles(app)


def test_results_of_a_model_that_is_not_here_show_the_originals_and_say_why(open_page, full_store):
    app = open_page(VIEW, full_store, query={"codec": "Autoencoder 80x80"})
    assert not app.exception
    assert "Autoencoder 80x80 cannot be shown" in app.warning[0].value
    assert {picture["name"] for tile in tiles(app) for picture in tile["pictures"]} == {"Original"}


def test_without_the_data_set_the_samples_are_shown_and_the_page_says_so(open_page, empty_store):
    app = open_page(VIEW, empty_store)
    assert not app.exception
    assert {tile["id"] for tile in tiles(app)} == set(sample_pictures())
    assert any("pipelines.prepare" in code.value for code in app.code)
    assert "built-in sample pictures" in " ".join(text.value for text in app.markdown)


def test_a_damaged_store_names_the_damage_and_shows_the_samples(open_page, damaged_store):
    app = open_page(VIEW, damaged_store)
    assert not app.exception
    text = " ".join(warning.value for warning in app.warning)
    assert "results/imagenette160/jpeg" in text
    assert {tile["id"] for tile in tiles(app)} == set(sample_pictures())


def test_the_whole_order_can_be_downloaded(open_page, full_store):
    app = open_page(VIEW, full_store)
    keys = {button.proto.id for button in app.get("download_button")}
    assert any(key.endswith("csv-gallery") for key in keys)


@pytest.mark.parametrize("page", ["2", "99"])
def test_a_page_beyond_the_last_is_the_last(open_page, full_store, page):
    app = open_page(VIEW, full_store, query={"page": page})
    assert not app.exception
    assert tiles(app)
