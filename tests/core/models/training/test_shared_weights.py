import numpy as np
import onnx
import pytest

from core.models.training.shared_weights import deduplicate_weights, restore_shared


def _network(tensors: dict[str, np.ndarray]) -> bytes:
    initialisers = [onnx.numpy_helper.from_array(values, name) for name, values in tensors.items()]
    graph = onnx.helper.make_graph([], "network", [], [], initializer=initialisers)
    return onnx.helper.make_model(graph).SerializeToString()


@pytest.fixture
def weights() -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    shapes = {"kernel": (3, 3, 16, 8), "matrix": (64, 32), "basis": (48, 40), "bias": (8,)}
    return {name: random.normal(size=shape).astype("float16") for name, shape in shapes.items()}


def test_what_a_network_holds_is_stored_once_and_found_again(
    weights: dict[str, np.ndarray],
) -> None:
    scaled = (weights["basis"].astype("float32") * np.float32(0.1)).astype("float16")
    networks = {
        "a.onnx": _network(
            {"k": weights["kernel"].transpose(3, 2, 0, 1), "other": np.zeros(2000, np.float16)}
        ),
        "b.onnx": _network({"m": weights["matrix"].T[..., None, None], "s": scaled[..., None]}),
    }
    own, shared = deduplicate_weights(weights, networks, {"basis": 0.1})

    assert set(own) == {"bias"}
    assert {path: one.file for path, one in shared.items()} == {
        "kernel": "a.onnx",
        "matrix": "b.onnx",
        "basis": "b.onnx",
    }
    found = restore_shared(own, shared, networks)
    assert set(found) == set(weights)
    for name in ("kernel", "matrix", "bias"):
        np.testing.assert_array_equal(found[name], weights[name])
    np.testing.assert_allclose(found["basis"], weights["basis"], rtol=2e-3, atol=1e-6)


def test_a_weight_that_differs_in_one_number_stays_with_its_own(
    weights: dict[str, np.ndarray],
) -> None:
    changed = weights["kernel"].copy()
    changed[0, 0, 0, 0] += 1
    network = _network({"k": changed.transpose(3, 2, 0, 1)})
    own, shared = deduplicate_weights(weights, {"a.onnx": network}, {})

    assert (set(own), shared) == (set(weights), {})
