import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from streamlit.runtime.media_file_storage import MediaFileKind
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.testing.v1 import AppTest

from core.codecs import get_codec
from core.dataset.splits import open_split
from core.dataset.traits import load_ranges, oddities
from core.images import Image
from core.intake.decode import decode_image
from core.metrics import psnr_db
from core.png import encode_png
from core.store import ArtifactStore
from dashboard.views.compare.image import ChosenImage
from dashboard.views.compare.layers import structure_map
from pipelines import describe

OpenPage = Callable[..., AppTest]
GOLDEN = Path(__file__).parents[3] / "golden"
QUICK = {"codecs": ["JPEG", "WebP"], "sample": "Chelsea (cat)", "mode": "My settings"}
LEARNED = {**QUICK, "codecs": ["JPEG", "BNK"]}


@pytest.fixture(scope="module")
def photograph() -> Image:
    """Smooth slopes and some grain, 80x120, with known pixels."""
    down, right = np.mgrid[0:80, 0:120]
    slopes = np.stack([2 * right, 3 * down, 255 - right - down], axis=-1)
    grain = np.random.default_rng(5).normal(0, 6, slopes.shape)
    return np.clip(slopes + grain, 0, 255).astype(np.uint8)


def _upload(app: AppTest, data: bytes, name: str = "photo.png") -> AppTest:
    app.file_uploader[0].set_value([(name, data, "image/png")])
    return app.run()


def _image_ids(app: AppTest) -> list[str]:
    images = (image for element in app.get("image") for image in element.proto.imgs)
    return [image.url.rpartition("/")[2] for image in images]


def _shown_as(image: Image) -> str:
    """Name under which Streamlit serves exactly this image."""
    storage = MemoryMediaFileStorage("/media")
    return storage.load_and_get_id(encode_png(image), "image/png", MediaFileKind.MEDIA) + ".png"


def _magnified(image: Image, scale: int) -> Image:
    return np.repeat(np.repeat(image, scale, axis=0), scale, axis=1)


def _text(app: AppTest) -> str:
    elements = [*app.markdown, *app.caption, *app.info, *app.warning, *app.error]
    return "\n".join(element.value for element in elements)


def test_the_page_opens_on_a_sample_and_says_limits_and_privacy_before_an_upload(
    open_page: OpenPage, full_store: Path
) -> None:
    app = open_page("compare", full_store, query=QUICK)
    assert not app.exception
    text = _text(app)
    assert "up to 20 MB and 16 megapixels" in text
    assert "is not stored" in text
    assert "451 x 300 pixels" in text
    assert "Nothing is resized" in text
    assert "whole file" in text
    assert app.dataframe[0].value["label"].tolist() == ["JPEG", "WebP"]


@pytest.mark.slow
def test_an_upload_is_shown_pixel_by_pixel_as_its_file_decodes(
    open_page: OpenPage, full_store: Path, photograph: Image
) -> None:
    app = open_page("compare", full_store, query=QUICK)
    _upload(app, encode_png(photograph))
    assert not app.exception
    jpeg = get_codec("jpeg").at(75)
    decoded = jpeg.decode(jpeg.encode(photograph))
    assert _shown_as(_magnified(photograph, 3)) in _image_ids(app)
    assert _shown_as(_magnified(decoded, 3)) in _image_ids(app)
    row = app.dataframe[0].value.iloc[0]
    assert row["bytes"] == len(jpeg.encode(photograph))
    assert row["upload_percent"] == pytest.approx(100 * row["bytes"] / len(encode_png(photograph)))
    assert app.get("bidi_component"), "the comparison viewer is on the page"


@pytest.mark.slow
def test_what_the_intake_changed_is_said(
    open_page: OpenPage, full_store: Path, photograph: Image, tmp_path: Path
) -> None:
    file = tmp_path / "transparent.png"
    alpha = np.full((*photograph.shape[:2], 1), 128, np.uint8)
    PIL.Image.fromarray(np.concatenate([photograph, alpha], axis=2)).save(file)
    app = _upload(open_page("compare", full_store, query=QUICK), file.read_bytes())
    (note,) = decode_image(file.read_bytes()).notes
    assert note in [info.value for info in app.info]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "an empty file"),
        (b"%PDF-1.7 not an image", "a PDF document"),
        (b"<svg onload='alert(1)'/>", "markup"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "The image is empty"),
    ],
)
def test_a_bad_upload_gets_one_sentence_and_the_session_goes_on(
    open_page: OpenPage, full_store: Path, photograph: Image, data: bytes, words: str
) -> None:
    app = open_page("compare", full_store, query=QUICK)
    _upload(app, data, "<script>alert(1)</script>.png")
    assert not app.exception
    (error,) = app.error
    assert words in error.value
    assert len(app.dataframe) == 0
    assert "<script>" not in _text(app)
    _upload(app, encode_png(photograph))
    assert not app.error
    assert len(app.dataframe) == 1


def test_equal_bytes_brings_the_others_to_the_size_of_one(
    open_page: OpenPage, full_store: Path
) -> None:
    app = open_page("compare", full_store, query={**QUICK, "mode": "Equal bytes"})
    assert not app.exception
    frame = app.dataframe[0].value
    sizes = dict(zip(frame["label"], frame["bytes"], strict=True))
    assert abs(sizes["WebP"] / sizes["JPEG"] - 1) < 0.1
    assert frame["target"].dropna().tolist() == [sizes["JPEG"]]
    assert "Target" in _text(app)


def test_equal_psnr_takes_a_target_of_ones_own_from_the_link(
    open_page: OpenPage, full_store: Path
) -> None:
    query = {
        **QUICK,
        "mode": "Equal PSNR",
        "target_psnr_db_from": "A value of my own",
        "target_psnr_db": "33",
    }
    frame = open_page("compare", full_store, query=query).dataframe[0].value
    assert frame["target"].tolist() == [33.0, 33.0]
    assert (frame["psnr_db"] - 33).abs().max() < 0.5


@pytest.mark.slow
def test_equal_ssimulacra2_is_searched_too(
    open_page: OpenPage, full_store: Path, photograph: Image
) -> None:
    query = {**QUICK, "mode": "Equal SSIMULACRA2"}
    app = _upload(open_page("compare", full_store, query=query), encode_png(photograph))
    frame = app.dataframe[0].value
    assert abs(frame["ssimulacra2"][0] - frame["ssimulacra2"][1]) < 3


@pytest.mark.slow
def test_a_target_out_of_reach_is_said_and_no_image_is_shown_for_it(
    open_page: OpenPage, full_store: Path, photograph: Image
) -> None:
    query = {
        **QUICK,
        "mode": "Equal bytes",
        "target_bytes_from": "Bytes of my own",
        "target_bytes": "5",
    }
    app = _upload(open_page("compare", full_store, query=query), encode_png(photograph))
    assert not app.exception
    problems = [warning.value for warning in app.warning]
    assert [problem[:25] for problem in problems] == ["5 bytes cannot be reached"] * 2
    assert _image_ids(app) == [_shown_as(_magnified(photograph, 3))]
    assert "achieved" not in app.dataframe[0].value


@pytest.mark.slow
def test_lossless_codecs_take_part_as_set_and_are_left_out_of_a_search(
    open_page: OpenPage, full_store: Path
) -> None:
    query = {**QUICK, "codecs": ["JPEG", "PNG"]}
    as_set = open_page("compare", full_store, query=query)
    assert as_set.dataframe[0].value["psnr_db"].tolist()[1] == float("inf")
    equal = open_page("compare", full_store, query={**query, "mode": "Equal bytes"})
    assert equal.dataframe[0].value["bytes"].notna().tolist() == [True, False]
    assert "cannot reach a target" in _text(equal)


def test_the_link_restores_dials_and_knobs(open_page: OpenPage, full_store: Path) -> None:
    query = {**QUICK, "codecs": "JPEG", "jpeg_quality": "30", "jpeg_subsampling": "4:4:4"}
    app = open_page("compare", full_store, query=query)
    assert app.dataframe[0].value["setting"].tolist() == ["quality=30, subsampling=4:4:4"]


@pytest.mark.slow
def test_turning_one_dial_leaves_the_measured_times_of_the_others_alone(
    open_page: OpenPage, full_store: Path
) -> None:
    app = open_page("compare", full_store, query=QUICK)
    before = app.dataframe[0].value
    app.select_slider(key="webp_quality").set_value(20.0).run()
    after = app.dataframe[0].value
    assert after["encode_ms"][0] == before["encode_ms"][0]
    assert after["bytes"][1] < before["bytes"][1]


def test_untrained_codecs_stand_disabled_with_the_command_that_trains_them(
    open_page: OpenPage, empty_store: Path
) -> None:
    app = open_page("compare", empty_store, query=QUICK)
    assert not app.exception
    disabled = {box.label for box in app.checkbox if box.disabled}
    assert {get_codec(name).label for name in ("ae80", "ae40", "ae20")} <= disabled
    assert any("pipelines.train ae80" in code.value for code in app.code)
    assert len(app.dataframe) == 1


def test_a_damaged_store_costs_nothing_here(open_page: OpenPage, damaged_store: Path) -> None:
    app = open_page("compare", damaged_store, query=QUICK)
    assert not app.exception
    assert len(app.dataframe) == 1


@pytest.mark.slow
def test_without_a_codec_the_page_asks_for_one(open_page: OpenPage, empty_store: Path) -> None:
    app = open_page("compare", empty_store, query=QUICK)
    app.multiselect(key="codecs").set_value([]).run()
    assert "Choose at least one codec" in _text(app)


@pytest.mark.slow
def test_above_two_megapixels_slow_metrics_wait_for_a_request_and_are_not_searched(
    open_page: OpenPage, empty_store: Path
) -> None:
    large = np.zeros((1500, 1500, 3), np.uint8)
    query = {**QUICK, "codecs": "JPEG", "mode": "Equal SSIMULACRA2", "part": "Whole image"}
    app = _upload(open_page("compare", empty_store, query=query), encode_png(large))
    assert "takes too long for this image of 2.2 megapixels" in _text(app)
    app.segmented_control(key="mode").set_value("as_set").run()
    frame = app.dataframe[0].value
    assert "ssim" in frame
    assert "ssimulacra2" not in frame


def _layers(app: AppTest) -> list[str]:
    data = app.get("bidi_component")[0].proto.bytes
    header = json.loads(data[4 : 4 + int.from_bytes(data[:4], "little")])
    return [layer["name"] for layer in header["layers"]]


def test_a_link_brings_a_test_image_with_its_codec_at_its_setting(
    open_page: OpenPage, full_store: Path
) -> None:
    split = open_split(ArtifactStore(full_store), "test")
    query = {"image": split.ids[2], "codecs": "JPEG", "jpeg_quality": "50", "mode": "My settings"}
    app = open_page("compare", full_store, query=query)
    assert not app.exception
    assert f"Test image: {split.classes[2]}, {split.ids[2]}" in _text(app)
    original = np.asarray(split.images[2])
    assert _shown_as(_magnified(original, 2)) in _image_ids(app)
    row = app.dataframe[0].value.iloc[0]
    assert row["bytes"] == len(get_codec("jpeg").at(50).encode(original))


@pytest.mark.slow
def test_an_upload_comes_before_the_test_image_of_the_link(
    open_page: OpenPage, full_store: Path, photograph: Image
) -> None:
    image_id = open_split(ArtifactStore(full_store), "test").ids[0]
    app = open_page("compare", full_store, query={"image": image_id, "codecs": "JPEG"})
    _upload(app, encode_png(photograph))
    assert not app.exception
    assert "120 x 80 pixels" in _text(app)


def test_a_test_image_that_is_not_on_this_machine_is_said_with_the_command(
    open_page: OpenPage, empty_store: Path
) -> None:
    app = open_page("compare", empty_store, query={"image": "n1/x", "codecs": "JPEG"})
    assert not app.exception
    assert any("pipelines.prepare" in code.value for code in app.code)
    assert "Sample: Astronaut" in _text(app), "the page goes on with a sample"


@pytest.mark.slow
def test_the_payload_stands_beside_the_whole_file_only_on_request(
    open_page: OpenPage, full_store: Path
) -> None:
    assert "payload_bytes" not in open_page("compare", full_store, query=QUICK).dataframe[0].value
    app = open_page("compare", full_store, query={**QUICK, "count": "Also without header"})
    frame = app.dataframe[0].value
    assert (frame["payload_bytes"] == frame["bytes"] - frame["container_bytes"]).all()
    assert frame["container_bytes"].tolist()[0] > 600  # JPEG's tables and headers


@pytest.mark.slow
def test_the_maps_of_structure_are_layers_after_the_codecs(
    open_page: OpenPage, full_store: Path
) -> None:
    app = open_page("compare", full_store, query=QUICK)
    names = _layers(app)
    assert names == ["Original", "JPEG quality=75", "WebP quality=80"]
    app.toggle(key="maps").set_value(True).run()
    assert _layers(app) == [*names, "SSIM map, JPEG", "SSIM map, WebP"]


def test_a_crop_of_a_larger_array_has_a_map_too(photograph: Image) -> None:
    image = ChosenImage(photograph[:60, :50], "a crop", "a crop")
    assert (structure_map(image, photograph[:60, :50]) == 255).all()


@pytest.mark.slow
def test_an_image_too_small_for_the_map_has_no_map(open_page: OpenPage, empty_store: Path) -> None:
    app = open_page("compare", empty_store, query={**QUICK, "maps": "true"})
    _upload(app, encode_png(np.full((5, 9, 3), 80, np.uint8)))
    assert not app.exception
    assert app.toggle(key="maps").disabled
    assert _layers(app) == ["Original", "JPEG quality=75", "WebP quality=80"]


@pytest.fixture
def described_store(full_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of the full store with the traits of its training images."""
    root = shutil.copytree(full_store, tmp_path / "described")
    monkeypatch.setenv("BOTTLENECK_ARTIFACTS", str(root))
    assert describe.main([]) == 0
    return _with_learned_codec(root)


def _with_learned_codec(root: Path) -> Path:
    """The folder of a store with the small model of the golden streams."""
    shutil.copytree(GOLDEN / "models", root / "models", dirs_exist_ok=True)
    return root


@pytest.mark.slow
def test_a_drawing_is_said_to_be_unlike_the_training_images(
    open_page: OpenPage, described_store: Path, photograph: Image
) -> None:
    drawing = np.full((200, 300, 3), 255, np.uint8)
    drawing[50:60, 20:280] = 0
    app = _upload(open_page("compare", described_store, query=LEARNED), encode_png(drawing))
    assert not app.exception
    assert "Looks like a screenshot" in _text(app)
    assert "expect the learned codecs to do worse" in _text(app)
    assert "equal to their right neighbour" in _text(app)
    alone = _upload(open_page("compare", described_store, query=QUICK), encode_png(drawing))
    assert "learned codecs" not in _text(alone), "JPEG and WebP alone are not concerned"


@pytest.mark.slow
def test_an_image_of_one_pixel_is_like_nothing(open_page: OpenPage, described_store: Path) -> None:
    app = open_page("compare", described_store, query=LEARNED)
    _upload(app, encode_png(np.zeros((1, 1, 3), np.uint8)))
    assert not app.exception
    assert "Looks like" not in _text(app)


@pytest.mark.slow
def test_a_training_image_is_no_warning(open_page: OpenPage, described_store: Path) -> None:
    image = np.asarray(open_split(ArtifactStore(described_store), "train").images[4])
    app = _upload(open_page("compare", described_store, query=LEARNED), encode_png(image))
    inside = not oddities(image, load_ranges(ArtifactStore(described_store)))
    assert (len(app.warning) == 0) == inside


def test_without_the_statistics_the_page_names_the_command(
    open_page: OpenPage, empty_store: Path
) -> None:
    app = open_page("compare", _with_learned_codec(empty_store), query=LEARNED)
    assert "python -m pipelines.describe" in _text(app)


@pytest.mark.slow
def test_equal_bytes_is_the_start_and_each_card_says_what_the_search_found(
    open_page: OpenPage, empty_store: Path, photograph: Image
) -> None:
    app = open_page("compare", empty_store, query={"codecs": ["JPEG", "WebP"]})
    _upload(app, encode_png(photograph))
    frame = app.dataframe[0].value
    assert frame["target"].dropna().tolist() == [frame["bytes"][0]]
    size = f"{frame['bytes'][1]:,} bytes"
    assert any(
        text.value.startswith("Found: **quality=") and size in text.value for text in app.caption
    )
    assert "WebP" not in [slider.label for slider in app.select_slider]
    assert [slider.key for slider in app.select_slider] == ["jpeg_quality"]


@pytest.mark.slow
def test_several_images_have_a_mean_and_one_is_shown(
    open_page: OpenPage, empty_store: Path, photograph: Image
) -> None:
    app = open_page("compare", empty_store, query=QUICK)
    pair = [photograph, photograph[:48, :64]]
    files = [(f"{n}.png", encode_png(image), "image/png") for n, image in enumerate(pair)]
    app.file_uploader[0].set_value(files)
    app.run()
    assert not app.exception
    assert "120 x 80 pixels" in _text(app)
    jpeg = get_codec("jpeg").at(75)
    sizes = [len(jpeg.encode(np.ascontiguousarray(image))) for image in pair]
    mean = app.dataframe[1].value.iloc[0]
    assert (mean["Codec"], mean["Images"]) == ("JPEG", "2")
    assert float(mean["Bytes"].replace(",", "")) == pytest.approx(np.mean(sizes), abs=0.5)
    app.selectbox(key="shown").set_value(1).run()
    assert "64 x 48 pixels" in _text(app)


@pytest.mark.slow
def test_versions_of_an_original_are_weighed_and_measured_against_it(
    open_page: OpenPage, empty_store: Path, photograph: Image
) -> None:
    webp = get_codec("webp").at(40)
    data = webp.encode(photograph)
    app = open_page("compare", empty_store, query=QUICK)
    app.file_uploader[0].set_value(
        [("o.png", encode_png(photograph), "image/png"), ("v_1.webp", data, "image/webp")]
    )
    app.run()
    app.segmented_control(key="role").set_value("versions").run()
    assert not app.exception
    row = app.dataframe[0].value.iloc[0]
    assert (row["label"], row["bytes"]) == ("v_1.webp", len(data))
    assert row["psnr_db"] == pytest.approx(psnr_db.measure(photograph, webp.decode(data)))
    assert _layers(app)[:2] == ["Original", "v_1.webp"]


@pytest.mark.slow
def test_a_file_of_the_learned_codec_is_opened_and_weighed(
    open_page: OpenPage, empty_store: Path
) -> None:
    data = (GOLDEN / "streams" / "odd_50.bnk").read_bytes()
    app = open_page("compare", _with_learned_codec(empty_store), query=QUICK)
    _upload(app, data, "photo.bnk")
    assert not app.exception
    assert not app.error
    assert f"{len(data):,} bytes" in _text(app)
    _upload(app, data[:-2], "cut.bnk")
    assert "The file is refused" in app.error[0].value


@pytest.mark.slow
def test_the_curve_of_ones_own_image_has_points_and_bd_rates(
    open_page: OpenPage, empty_store: Path, photograph: Image
) -> None:
    app = open_page("compare", empty_store, query=QUICK)
    _upload(app, encode_png(photograph))
    app.toggle(key="curve").set_value(True).run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 1
    rates = app.dataframe[-1].value
    assert rates["Codec"].tolist() == ["WebP"]
    assert -80 < float(rates["BD-rate (%)"][0]) < 0


@pytest.mark.slow
def test_a_tall_image_gives_no_tall_page(open_page: OpenPage, empty_store: Path) -> None:
    app = open_page("compare", empty_store, query=QUICK)
    _upload(app, encode_png(np.full((2400, 60, 3), 90, np.uint8)))
    assert not app.exception
    middle = np.full((120, 60, 3), 90, np.uint8)
    assert set(_image_ids(app)) == {_shown_as(_magnified(middle, 3))}
