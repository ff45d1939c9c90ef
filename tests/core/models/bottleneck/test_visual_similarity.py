import io

import keras
import numpy as np
import PIL.Image
import pytest
from keras import ops

from core.dataset.splits import sample_images
from core.metrics import ssimulacra2 as metric
from core.models.bottleneck.visual_similarity import ssimulacra2

#: Sizes of pieces with six, five and an odd number of rows and columns.
SIZES = ((160, 160), (256, 200), (97, 131), (64, 240))


def _pieces() -> list[np.ndarray]:
    """Twenty pieces of photographs."""
    found = []
    for number, photograph in enumerate(list(sample_images().values())[:5]):
        for height, width in SIZES:
            top = min(30 + 17 * number, photograph.shape[0] - height)
            left = min(40 + 23 * number, photograph.shape[1] - width)
            found.append(np.array(photograph[top : top + height, left : left + width]))
    return found


def _distorted(image: np.ndarray, number: int) -> np.ndarray:
    file = io.BytesIO()
    kind = ("JPEG", "WEBP")[number % 2]
    PIL.Image.fromarray(image).save(file, kind, quality=(15, 40, 65, 80, 92)[number % 5])
    return np.asarray(PIL.Image.open(file).convert("RGB"))


def _score(image: np.ndarray, other: np.ndarray) -> float:
    pair = (image[np.newaxis].astype(np.float32), other[np.newaxis].astype(np.float32))
    return float(ops.convert_to_numpy(ssimulacra2(*map(ops.convert_to_tensor, pair)).published)[0])


@pytest.mark.slow
def test_twenty_compressed_photographs_score_as_the_library_scores_them() -> None:
    pieces = _pieces()
    assert len(pieces) == 20
    scores, errors = [], []
    for number, piece in enumerate(pieces):
        other = _distorted(piece, number)
        scores.append(metric.measure(piece, other))
        errors.append(_score(piece, other) - scores[-1])

    assert max(scores) - min(scores) > 40
    assert np.abs(errors).max() < 1.0


@pytest.mark.parametrize(
    ("side", "is_large"),
    [(metric.WHOLE_SIDE, True), (metric.WHOLE_SIDE - 1, False), (160, False)],
)
def test_the_weights_of_large_images_are_those_of_small_ones_only_when_aligned(
    side: int, is_large: bool
) -> None:
    photograph = next(p for p in sample_images().values() if min(p.shape[:2]) >= side)
    piece = np.array(photograph[:side, :side])
    pair = (ops.convert_to_tensor(one[None]) for one in (piece, _distorted(piece, 0)))
    published, aligned = (float(score[0]) for score in ssimulacra2(*pair))

    assert (published == aligned) == is_large


@pytest.mark.slow
def test_the_aligned_score_of_the_parts_is_nearer_to_that_of_the_whole() -> None:
    photograph = next(p for p in sample_images().values() if min(p.shape[:2]) >= 320)
    whole = np.array(photograph[:320, :320])
    other = _distorted(whole, 0)
    tiles = [(slice(y, y + 160), slice(x, x + 160)) for y in (0, 160) for x in (0, 160)]
    parts = (np.stack([one[tile] for tile in tiles]) for one in (whole, other))
    published, aligned = (float(ops.mean(score)) for score in ssimulacra2(*parts))
    score = metric.measure(whole, other)

    assert abs(aligned - score) < 0.5 * abs(published - score)


def test_equal_images_score_a_hundred() -> None:
    piece = _pieces()[0]

    assert _score(piece, piece) == pytest.approx(100.0, abs=0.1)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="uses TensorFlow's gradient")
def test_its_gradient_is_its_slope() -> None:
    import tensorflow as tf

    piece = _pieces()[2][:48, :56]
    other = _distorted(piece, 0).astype(np.float32)
    random = np.random.default_rng(0)
    images = ops.convert_to_tensor(piece[np.newaxis].astype(np.float32))
    decoded = tf.Variable(np.clip(other, 8, 247)[np.newaxis])
    with tf.GradientTape() as tape:
        score = ops.sum(ssimulacra2(images, decoded).published)
    gradient = tape.gradient(score, decoded).numpy()

    assert np.isfinite(gradient).all()
    for _ in range(4):
        direction = random.normal(size=gradient.shape).astype(np.float32)
        direction += 3.0 * np.sign(gradient)
        step = 0.05
        higher, lower = (
            float(ops.sum(ssimulacra2(images, decoded + sign * step * direction).published))
            for sign in (1.0, -1.0)
        )
        slope = (higher - lower) / (2.0 * step)
        assert slope == pytest.approx(float((gradient * direction).sum()), rel=0.03)


def test_equal_images_have_a_finite_gradient() -> None:
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("uses TensorFlow's gradient")
    piece = ops.convert_to_tensor(_pieces()[0][np.newaxis, :32, :32].astype(np.float32))
    decoded = tf.Variable(piece)
    with tf.GradientTape() as tape:
        score = ops.sum(ssimulacra2(piece, decoded).published)

    assert np.isfinite(tape.gradient(score, decoded).numpy()).all()
