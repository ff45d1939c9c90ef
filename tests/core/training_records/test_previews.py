import numpy as np
import pytest

from core.dataset.splits import sample_images
from core.store import ArtifactStore, DamagedArtifact, MissingArtifact
from core.training_records.previews import (
    PREVIEW_CROPS,
    PREVIEWS,
    PreviewStack,
    decode_previews,
    encode_previews,
    join_preview,
    preview_originals,
    preview_psnr_db,
    read_previews,
    split_preview,
)


def preview(seed):
    return np.random.default_rng(seed).integers(0, 256, (64, 384, 3), dtype=np.uint8)


@pytest.fixture
def store(tmp_path):
    return ArtifactStore(tmp_path)


def commit(store, stack):
    files = {"ae80.csv": b"epoch\n", "ae80.png": stack.to_png()}
    store.commit("histories/ae80", files, facts={PREVIEWS: stack.numbers})


def test_the_six_images_are_pieces_of_the_built_in_photographs():
    images = preview_originals()
    assert images.shape == (6, 64, 64, 3)
    assert images.dtype == np.uint8
    for crop, image in zip(PREVIEW_CROPS, images, strict=True):
        photograph = sample_images()[crop.photograph]
        top, left = crop.top, crop.left
        np.testing.assert_array_equal(image, photograph[top : top + 64, left : left + 64])


def test_a_preview_is_the_six_images_side_by_side_and_is_taken_apart_again():
    row = join_preview(preview_originals())
    assert row.shape == (64, 384, 3)
    np.testing.assert_array_equal(row[:, 64:128], preview_originals()[1])
    np.testing.assert_array_equal(split_preview(row), preview_originals())


def test_the_psnr_of_a_preview_is_the_mean_over_its_images():
    images = preview_originals().astype(int)
    moved = np.where(images < 128, images + 1, images - 1)
    moved[0] = np.where(images[0] < 128, images[0] + 2, images[0] - 2)
    one, two = 20 * np.log10(255), 20 * np.log10(255 / 2)
    assert preview_psnr_db(join_preview(moved.astype(np.uint8))) == pytest.approx(
        (5 * one + two) / 6
    )
    assert preview_psnr_db(join_preview(preview_originals())) == np.inf


def test_previews_come_back_from_their_png_pixel_by_pixel():
    previews = [preview(seed) for seed in range(3)]
    for ours, theirs in zip(decode_previews(encode_previews(previews)), previews, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_what_is_no_preview_is_refused():
    with pytest.raises(ValueError, match=r"received uint8 of \(64, 64, 3\)"):
        encode_previews([preview(0)[:, :64]])
    with pytest.raises(ValueError, match=r"received float64 of"):
        encode_previews([preview(0) / 255])


def test_previews_are_added_at_the_bottom_in_rising_order():
    stack = PreviewStack()
    stack.append(3, preview(3))
    before = stack.to_png()
    assert stack.to_png() is before
    stack.append(5, preview(5))
    assert stack.numbers == [3, 5]
    np.testing.assert_array_equal(decode_previews(stack.to_png())[1], preview(5))
    with pytest.raises(ValueError, match="received 5 after 5"):
        stack.append(5, preview(5))


def test_previews_that_are_put_in_the_place_of_others_are_encoded_anew():
    stack = PreviewStack({1: preview(1), 2: preview(2)})
    stack.to_png()
    stack.replace({1: preview(1)})
    assert stack.numbers == [1]
    assert len(decode_previews(stack.to_png())) == 1


def test_previews_are_read_by_the_numbers_of_their_manifest(store):
    commit(store, PreviewStack({31: preview(0), 32: preview(1)}))
    found = read_previews(store, "histories/ae80").rows
    assert list(found) == [31, 32]
    np.testing.assert_array_equal(found[32], preview(1))


def test_an_artifact_that_was_written_without_previews_has_none(store):
    store.commit("histories/ae80", {"ae80.csv": b"epoch\n"}, facts={"model": "ae80"})
    assert read_previews(store, "histories/ae80").rows == {}


def test_previews_that_are_gone_or_others_than_the_manifest_names_are_told_apart(store, tmp_path):
    with pytest.raises(MissingArtifact):
        read_previews(store, "histories/ae80")
    files = {"ae80.png": encode_previews([preview(0), preview(1)])}
    store.commit("histories/ae80", files, facts={PREVIEWS: [1, 2, 3]})
    with pytest.raises(DamagedArtifact, match=r"histories/ae80\.png does not hold the previews"):
        read_previews(store, "histories/ae80")
    (tmp_path / "histories" / "ae80.png").unlink()
    with pytest.raises(MissingArtifact, match=r"histories/ae80\.png does not exist"):
        read_previews(store, "histories/ae80")
