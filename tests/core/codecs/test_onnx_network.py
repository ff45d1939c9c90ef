"""Networks on ONNX Runtime, whole and in tiles."""

import itertools
import os
import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from core.codecs.onnx_network import OnnxNetwork, Tiling


def _network(*, stride: int, enlarging: bool) -> bytes:
    """Two 3x3 convolutions around a pooling or a doubling, with random weights."""
    generator = np.random.default_rng(3)
    shapes = [(5, 2, 3, 3), (4, 5, 3, 3)]
    weights = [
        numpy_helper.from_array(generator.normal(0, 0.3, shape).astype(np.float32), f"w{index}")
        for index, shape in enumerate(shapes)
    ]
    scales = numpy_helper.from_array(np.array([1, 1, stride, stride], np.float32), "scales")
    resize = (
        helper.make_node("Resize", ["b", "", "scales"], ["c"], mode="nearest")
        if enlarging
        else helper.make_node(
            "MaxPool", ["b"], ["c"], kernel_shape=[stride] * 2, strides=[stride] * 2
        )
    )
    nodes = [
        helper.make_node("Transpose", ["x"], ["a"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["a", "w0"], ["b"], pads=[1] * 4),
        resize,
        helper.make_node("Conv", ["c", "w1"], ["d"], pads=[1] * 4),
        helper.make_node("Transpose", ["d"], ["y"], perm=[0, 2, 3, 1]),
    ]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, None, None, 2])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, None, None, 4])]
    graph = helper.make_graph(nodes, "net", inputs, outputs, [*weights, scales])
    opsets = [helper.make_opsetid("", 18)]
    return onnx.helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString()


def _array(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(1).normal(0, 1, (height, width, 2)).astype(np.float32)


@pytest.mark.parametrize(("height", "width"), [(8, 8), (64, 40), (72, 136), (200, 24)])
def test_a_shrinking_network_gives_the_same_in_tiles(height: int, width: int) -> None:
    network = OnnxNetwork(_network(stride=4, enlarging=False))
    whole = network.run(_array(height, width)[np.newaxis])[0]
    tiled = Tiling(64, 16, down=4).run(network, _array(height, width))
    assert np.allclose(whole, tiled, atol=1e-6)


@pytest.mark.parametrize(("height", "width"), [(3, 3), (16, 10), (33, 21), (50, 6)])
def test_an_enlarging_network_gives_the_same_in_tiles(height: int, width: int) -> None:
    network = OnnxNetwork(_network(stride=4, enlarging=True))
    whole = network.run(_array(height, width)[np.newaxis])[0]
    tiled = Tiling(16, 4, up=4).run(network, _array(height, width))
    assert np.allclose(whole, tiled, atol=1e-6)


def test_a_margin_that_is_too_small_shows() -> None:
    network = OnnxNetwork(_network(stride=4, enlarging=False))
    whole = network.run(_array(64, 64)[np.newaxis])[0]
    tiled = Tiling(36, 0, down=4).run(network, _array(64, 64))
    assert not np.allclose(whole, tiled, atol=1e-3)


@pytest.mark.parametrize(
    "tiling", [Tiling(64, 16, down=4), Tiling(7, 3, up=4), Tiling(72, 4, down=2)]
)
def test_windows_are_of_one_size_and_see_their_margin(tiling: Tiling) -> None:
    for length in range(tiling.down, 40 * tiling.window, tiling.down):
        spans = tiling._spans(length)
        (size,) = {span.end - span.start for span in spans}
        assert size <= tiling.window
        assert (spans[0].start, spans[0].first) == (0, 0)
        assert spans[-1].end == spans[-1].last == length
        for span, following in itertools.pairwise(spans):
            assert span.last == following.first
            assert span.last + tiling.margin <= span.end
            assert following.start + tiling.margin <= following.first


def test_threads_follow_the_shared_convention(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    network = OnnxNetwork(_network(stride=2, enlarging=True))
    assert network._session.get_session_options().intra_op_num_threads == 1


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs Linux")
def test_threads_are_no_more_than_the_cores_that_may_be_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        network = OnnxNetwork(_network(stride=2, enlarging=True))
    finally:
        os.sched_setaffinity(0, cores)
    assert network._session.get_session_options().intra_op_num_threads == 1


_ORDER_OF_IMPORTS = """
import contextlib, importlib, os, runpy, sys
if sys.argv[1].endswith(".py"):
    with contextlib.suppress(AttributeError):  # outside Streamlit no page knows its title
        runpy.run_path(sys.argv[1])
    import numpy  # as a page does
else:
    importlib.import_module(sys.argv[1])
order = list(sys.modules)
print(order.index("core") < order.index("numpy"), os.environ["OPENBLAS_THREAD_TIMEOUT"])
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "module", ["core.codecs", "pipelines.compress", "pipelines.benchmark.step", "dashboard/app.py"]
)
def test_matrix_products_are_told_not_to_wait_on_the_cores_of_networks(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenBLAS reads its environment once, when NumPy is loaded."""
    for given, expected in ((None, "4"), ("20", "20")):
        monkeypatch.delenv("OPENBLAS_THREAD_TIMEOUT", raising=False)
        if given:
            monkeypatch.setenv("OPENBLAS_THREAD_TIMEOUT", given)
        command = [sys.executable, "-c", _ORDER_OF_IMPORTS, module]
        found = subprocess.run(command, check=True, capture_output=True, text=True)
        assert found.stdout.split() == ["True", expected]


def test_a_network_whose_weights_lie_in_another_file_is_refused(tmp_path) -> None:
    model = onnx.load_from_string(_network(stride=1, enlarging=False))
    path = tmp_path / "network.onnx"
    onnx.save_model(
        model, path, save_as_external_data=True, location="weights.bin", size_threshold=0
    )
    with pytest.raises(ValueError, match="another file"):
        OnnxNetwork(path.read_bytes())
