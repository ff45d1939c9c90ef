import keras
import numpy as np
import pytest
from keras import ops

from core.models.training.averaged_muon import AveragedMuon


@pytest.fixture
def optimiser() -> AveragedMuon:
    return AveragedMuon(1e-2, lr_scale=0.5, ema_decay=0.9)


@pytest.mark.parametrize("shape", [(1, 5, 9), (3, 40, 8), (2, 300, 64), (1, 64, 48)])
def test_directions_become_what_keras_own_iteration_makes_of_them(
    optimiser: AveragedMuon, shape: tuple[int, int, int]
) -> None:
    direction = ops.convert_to_tensor(np.random.default_rng(0).normal(size=shape).astype("float32"))
    ours = optimiser.zeropower_via_newtonschulz5(direction, 5)
    theirs = keras.optimizers.Muon.zeropower_via_newtonschulz5(optimiser, direction, 5)

    np.testing.assert_allclose(ours, theirs, atol=5e-5)
    values = np.linalg.svd(ops.convert_to_numpy(ours), compute_uv=False)
    assert 0.6 < values.min() < values.max() < 1.3


def test_a_kernel_moves_evenly_in_all_directions_and_a_vector_by_adam(
    optimiser: AveragedMuon,
) -> None:
    kernel = keras.Variable(np.zeros((3, 3, 4, 8), np.float32), name="kernel")
    vector = keras.Variable(np.zeros(8, np.float32), name="bias")
    optimiser.build([kernel, vector])
    optimiser.schedule.steps = 1
    random = np.random.default_rng(1)
    # One direction a hundred times as strong as the others.
    strong = 100.0 * np.outer(random.normal(size=36), random.normal(size=8))
    gradient = (random.normal(size=(36, 8)) + strong).reshape(kernel.shape).astype(np.float32)
    optimiser.apply_gradients(
        [(ops.convert_to_tensor(gradient), kernel), (ops.ones(8), vector)],
    )

    moved = np.linalg.svd(np.asarray(kernel).reshape(36, 8), compute_uv=False)
    assert moved.max() < 10 * moved.min()
    assert np.sum(np.asarray(kernel) * gradient) < 0
    np.testing.assert_allclose(np.asarray(vector), -0.5e-2, rtol=1e-2)


def test_kernels_of_one_shape_move_as_each_would_alone() -> None:
    random = np.random.default_rng(2)
    shapes = [(1, 1, 8, 4), (3, 3, 2, 4), (1, 1, 8, 4)]
    gradients = [ops.convert_to_tensor(random.normal(size=s).astype("float32")) for s in shapes]

    def moved(chosen: list[int]) -> list[np.ndarray]:
        optimiser = AveragedMuon(1e-2, lr_scale=0.5, ema_decay=0.9)
        optimiser.schedule.steps = 1
        optimiser.global_clipnorm = None
        kernels = [keras.Variable(np.zeros(shapes[i], np.float32)) for i in chosen]
        optimiser.build(kernels)
        optimiser.apply_gradients(zip([gradients[i] for i in chosen], kernels, strict=True))
        return [np.asarray(kernel) for kernel in kernels]

    together = moved([0, 1, 2])
    for index, kernel in enumerate(together):
        np.testing.assert_allclose(kernel, moved([index])[0], atol=1e-7)
    assert np.abs(together[0] - together[2]).max() > 1e-3


def test_the_mean_of_the_weights_leaves_the_weights_alone(optimiser: AveragedMuon) -> None:
    vector = keras.Variable(np.zeros(3, np.float32), name="bias")
    optimiser.build([vector])
    for _ in range(20):
        optimiser.apply_gradients([(ops.ones(3), vector)])
    latest = np.asarray(vector).copy()
    with optimiser.averaged([vector]):
        mean = np.asarray(vector).copy()

    assert (latest < mean).all()
    assert (mean < 0).all()
    np.testing.assert_array_equal(np.asarray(vector), latest)
