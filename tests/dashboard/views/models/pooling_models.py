"""Models without weights, which pool and repeat: small, and with all the files of a trained one."""

import json

import numpy as np
from onnx import TensorProto, helper

from core.codecs.onnx_network import OnnxNetwork
from core.dataset.splits import sample_images
from core.entropy.latent_tables import fit_latent_tables

STRIDES = {"ae80": 2, "ae40": 4, "ae20": 8}


def _network(nodes, kind):
    shape = [None, None, None, 3]
    constants = [helper.make_tensor("scale", TensorProto.FLOAT, [], [255.0])]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        constants,
    )
    opsets = [helper.make_opsetid("", 18)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString()


def _encoder(stride):
    """Mean of each block: what a network with one pooling layer and no weights would keep."""
    nodes = [
        helper.make_node("Cast", ["x"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["f", "scale"], ["u"]),
        helper.make_node("Transpose", ["u"], ["t"], perm=[0, 3, 1, 2]),
        helper.make_node(
            "AveragePool", ["t"], ["p"], kernel_shape=[stride, stride], strides=[stride, stride]
        ),
        helper.make_node("Transpose", ["p"], ["y"], perm=[0, 2, 3, 1]),
    ]
    return _network(nodes, TensorProto.UINT8)


def _decoder(stride):
    """Each value over its block again."""
    scales = helper.make_tensor("scales", TensorProto.FLOAT, [4], [1.0, 1.0, stride, stride])
    nodes = [
        helper.make_node("Constant", [], ["s"], value=scales),
        helper.make_node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2]),
        helper.make_node(
            "Resize",
            ["t", "", "s"],
            ["r"],
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        ),
        helper.make_node("Transpose", ["r"], ["y"], perm=[0, 2, 3, 1]),
    ]
    return _network(nodes, TensorProto.FLOAT)


def _card(name, stride):
    size = 160 // stride
    return {
        "model": name,
        "parameters": 1234,
        "latent": [size, size, 3],
        "stride": stride,
        "multiply_adds_per_pixel": {"encoder": 30.5, "decoder": 60.0},
        "validation": {"images": 6, "psnr_db": 27.5, "ssim": 0.8125},
        "data": "c0ffee" * 10,
        "training": {"epochs": 12, "best_epoch": 9, "seconds": 600.0, "seed": 7},
        "config": {"filters": [3] * int(np.log2(stride)), "activation": "relu"},
    }


def commit_model(store, name, stride):
    encoder = _encoder(stride)
    images = np.stack([image[:160, :160] for image in sample_images().values()])
    tables = fit_latent_tables(OnnxNetwork(encoder).run, lambda: iter([images]))
    files = {
        f"{name}/encoder.onnx": encoder,
        f"{name}/decoder.onnx": _decoder(stride),
        f"{name}/tables.npz": tables.to_bytes(),
        f"{name}/card.json": json.dumps(_card(name, stride)).encode(),
    }
    store.commit(f"models/{name}", files, facts={"model": name})


def words(app):
    """All that a person reads outside charts and data frames."""
    kinds = ("markdown", "caption", "code", "warning", "error", "success", "subheader")
    tables = [table.value.to_string() for table in app.table]
    return " ".join([element.value for kind in kinds for element in app.get(kind)] + tables)
