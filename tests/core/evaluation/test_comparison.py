import math
from pathlib import Path

import numpy as np
import pytest

from core.codecs import get_codec
from core.codecs.base import OperatingPoint
from core.dataset.splits import sample_images
from core.evaluation.comparison import (
    BYTES,
    CodecConfig,
    Goal,
    goal_like,
    operating_point,
    reconstruct,
    reconstruct_at,
    unready_codecs,
)
from core.images import Image
from core.metrics import metrics, psnr_db
from core.metrics.base import Metric
from core.store import ArtifactStore, MissingArtifact

PSNR = {psnr_db.NAME: metrics()[psnr_db.NAME]}
JPEG = CodecConfig("jpeg", 75)


@pytest.fixture(scope="module")
def photograph() -> Image:
    return np.ascontiguousarray(sample_images()["Chelsea (cat)"][:128, 100:260])


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path)


def test_a_codec_as_set_gives_its_file_its_image_and_their_measurements(
    photograph: Image, store: ArtifactStore
) -> None:
    found = reconstruct(JPEG, photograph, metrics=PSNR, store=store)
    point = get_codec("jpeg").at(75)
    assert found.problem is None
    assert found.data == point.encode(photograph)
    assert np.array_equal(found.decoded, point.decode(found.data))
    assert found.record.bytes == len(found.data)
    assert found.record.metrics == {"psnr_db": psnr_db.measure(photograph, found.decoded)}
    assert (found.label, found.suffix, found.match) == ("JPEG", ".jpg", None)


def test_knobs_beside_the_dial_reach_the_codec(photograph: Image, store: ArtifactStore) -> None:
    full_colour = CodecConfig("jpeg", 75, (("subsampling", "4:4:4"),))
    assert operating_point(full_colour, store).subsampling == "4:4:4"
    plain, found = (
        reconstruct(config, photograph, metrics={}, store=store) for config in (JPEG, full_colour)
    )
    assert found.record.bytes > plain.record.bytes
    assert found.record.setting == "quality=75, subsampling=4:4:4"


def test_an_unknown_knob_is_a_problem_that_names_it(
    photograph: Image, store: ArtifactStore
) -> None:
    found = reconstruct(
        CodecConfig("jpeg", 75, (("zeal", 3),)), photograph, metrics={}, store=store
    )
    assert found.data is None
    assert "jpeg has no such knob; received zeal" in found.problem


@pytest.mark.parametrize("codec", ["jpeg", "webp", "jpeg_xl"])
def test_equal_bytes_gives_the_file_closest_to_the_size_and_how_close_it_is(
    codec: str, photograph: Image, store: ArtifactStore
) -> None:
    target = 5000
    found = reconstruct_at(
        Goal(BYTES, target), CodecConfig(codec), photograph, metrics=PSNR, store=store
    )
    assert found.match.achieved == len(found.data) == found.record.bytes
    assert found.match.error_fraction == pytest.approx((len(found.data) - target) / target)
    assert abs(found.match.error_fraction) < 0.1


def test_the_search_keeps_the_knobs_and_the_files_it_has_made(
    photograph: Image, store: ArtifactStore
) -> None:
    files: dict[float, bytes] = {}
    config = CodecConfig("jpeg", None, (("subsampling", "4:4:4"),))
    found = reconstruct_at(
        Goal(BYTES, 5000), config, photograph, metrics={}, store=store, files=files
    )
    assert "subsampling=4:4:4" in found.record.setting
    assert found.data in files.values()


def test_equal_quality_gives_the_same_psnr_to_all(photograph: Image, store: ArtifactStore) -> None:
    goal = Goal("psnr_db", 34.0)
    for codec in ("jpeg", "webp", "jpeg2000"):
        found = reconstruct_at(goal, CodecConfig(codec), photograph, metrics=PSNR, store=store)
        assert found.record.metrics["psnr_db"] == found.match.achieved
        assert abs(found.match.achieved - 34.0) < 0.5


def test_a_target_out_of_reach_is_said_and_no_image_stands_in_for_it(
    photograph: Image, store: ArtifactStore
) -> None:
    found = reconstruct_at(Goal(BYTES, 10), JPEG, photograph, metrics=PSNR, store=store)
    assert found.decoded is None
    assert found.data is None
    assert found.record.bytes is None
    smallest = len(get_codec("jpeg").at(1).encode(photograph))
    assert found.problem == (
        "10 bytes cannot be reached: the closest that its dial gives is "
        f"{smallest:,} bytes, at quality=1."
    )


def test_a_lossless_codec_has_no_dial_to_search(photograph: Image, store: ArtifactStore) -> None:
    found = reconstruct_at(
        Goal(BYTES, 5000), CodecConfig("png"), photograph, metrics=PSNR, store=store
    )
    assert "PNG has no dial" in found.problem


def test_a_lossless_codec_as_set_restores_every_pixel(
    photograph: Image, store: ArtifactStore
) -> None:
    found = reconstruct(CodecConfig("tiff_lzw"), photograph, metrics=PSNR, store=store)
    assert found.record.lossless
    assert np.array_equal(found.decoded, photograph)
    assert found.record.metrics["psnr_db"] == math.inf


def test_a_reference_codec_gives_the_goal_of_the_others(
    photograph: Image, store: ArtifactStore
) -> None:
    reference = reconstruct(JPEG, photograph, metrics=PSNR, store=store)
    assert goal_like(reference, BYTES) == Goal(BYTES, len(reference.data))
    assert goal_like(reference, "psnr_db").target == reference.record.metrics["psnr_db"]


def test_what_is_infinite_undefined_or_failed_is_no_goal(
    photograph: Image, store: ArtifactStore
) -> None:
    def found(config: CodecConfig, image: Image, wanted: dict[str, Metric]) -> object:
        return reconstruct(config, image, metrics=wanted, store=store)

    with pytest.raises(ValueError, match="restores this image exactly"):
        goal_like(found(CodecConfig("png"), photograph, PSNR), "psnr_db")
    tiny = {"ssimulacra2": metrics()["ssimulacra2"]}
    with pytest.raises(ValueError, match="SSIMULACRA2 is not defined"):
        goal_like(found(JPEG, photograph[:4, :4], tiny), "ssimulacra2")
    with pytest.raises(ValueError, match="gives no target"):
        goal_like(found(CodecConfig("jpeg", 1000), photograph, PSNR), BYTES)


def test_goals_are_finite_and_of_a_known_quantity() -> None:
    with pytest.raises(ValueError, match="finite number; received inf"):
        Goal("psnr_db", math.inf)
    with pytest.raises(ValueError, match="must be bytes or one of psnr_db"):
        Goal("beauty", 1.0)


def test_learned_codecs_without_weights_are_named_with_the_command_that_trains_them(
    store: ArtifactStore,
) -> None:
    unready = unready_codecs(store)
    assert {"ae80", "ae40", "ae20"} <= set(unready)
    assert all(isinstance(error, MissingArtifact) for error in unready.values())
    assert "ae80" in unready["ae80"].command
    assert "jpeg" not in unready


def test_an_untrained_codec_costs_its_own_place_only(
    photograph: Image, store: ArtifactStore
) -> None:
    found = reconstruct(CodecConfig("ae80", 70), photograph, metrics=PSNR, store=store)
    assert found.decoded is None
    assert "ae80" in found.problem
    assert "\n" not in found.problem


def test_a_matched_file_is_not_encoded_again(
    photograph: Image, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded = []
    encode = type(get_codec("jpeg").at(75)).encode

    def counted(point: OperatingPoint, image: Image) -> bytes:
        encoded.append(point.setting)
        return encode(point, image)

    monkeypatch.setattr("core.codecs.jpeg.Jpeg.encode", counted)
    found = reconstruct_at(Goal(BYTES, 5000), JPEG, photograph, metrics=PSNR, store=store)
    assert found.record.setting in encoded
    assert len(encoded) == len(set(encoded))
    assert found.record.encode_seconds > 0
    assert found.record.decode_seconds > 0
