"""Tracing a network to ONNX, and writing it with its weights beside it where they are too large for one file."""
import os
import shutil
import tempfile
import warnings
from dataclasses import dataclass, field

import onnx
import torch
from onnx.external_data_helper import (
    ExternalDataInfo,
    load_external_data_for_model,
    load_external_data_for_tensor,
    uses_external_data,
)

# Of sizes that the modules look at while they are traced: the self-check runs other sizes than those.
warnings.filterwarnings("ignore", category=torch.jit.TracerWarning)
warnings.filterwarnings("ignore", message="Constant folding")

# Protobuf can't hold more than 2 GB; weights go into a file beside the graph well before that.
LARGEST_GRAPH = 1_500_000_000
# Of the names that onnxruntime takes, the one that diffusers and optimum use.
WEIGHTS = "model.onnx_data"
# Weights of fewer bytes stay in the graph.
SMALLEST_WEIGHT = 1024


@dataclass
class Network:
    """One graph: what it is traced from, and at which inputs."""

    folder: str
    # Called with its inputs it is what diffusers computes: the exported graph is compared with it.
    module: torch.nn.Module
    inputs: tuple
    names: list
    output: str
    dynamic: dict = field(default_factory=dict)
    opset: int = 17
    # Inputs of other sizes than those that it is traced at, for the self-check.
    checks: list = field(default_factory=list)

    def write_raw(self, folder):
        """Writes model.onnx, and each large weight as a file beside it where they are many."""
        trace(self.module, self.inputs, f"{folder}/model.onnx", self.names, [self.output], self.dynamic, self.opset)


def trace(module, args, path, inputs, outputs, dynamic, opset):
    """`.eval()` is on the wrapper: the exporter puts the wrapper's train flag back on every part."""
    # On the CPU even where there is a GPU: there, an index of repeat_interleave is on another device.
    torch.onnx.export(
        module.eval(), args, path, dynamo=False, opset_version=opset, input_names=inputs, output_names=outputs,
        dynamic_axes=dynamic, do_constant_folding=True, custom_opsets={"com.microsoft": 1},
    )


@torch.no_grad()
def write_graph(network, out):
    """Writes a network's folder; gives the number of its nodes."""
    folder = f"{out}/{network.folder}"
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=roomy()) as raw:
        network.write_raw(raw)
        model = onnx.load(f"{raw}/model.onnx", load_external_data=False)
        sizes = [size_of(tensor, raw) for tensor in model.graph.initializer]
        if sum(sizes) < LARGEST_GRAPH:
            load_external_data_for_model(model, raw)
        else:
            move_weights(model, raw, f"{folder}/{WEIGHTS}")
            take_in_constants(model.graph, raw)
        onnx.save_model(model, f"{folder}/model.onnx")
    return len(model.graph.node)


def size_of(tensor, raw):
    if not uses_external_data(tensor):
        return len(tensor.raw_data)
    return ExternalDataInfo(tensor).length or os.path.getsize(f"{raw}/{ExternalDataInfo(tensor).location}")


def move_weights(model, raw, target):
    """All large weights into one file, one after the other: memory holds one at a time."""
    with open(target, "wb") as data:
        for tensor in model.graph.initializer:
            length = size_of(tensor, raw)
            if length < SMALLEST_WEIGHT:
                continue
            at = data.tell()
            if uses_external_data(tensor):
                info = ExternalDataInfo(tensor)
                with open(f"{raw}/{info.location}", "rb") as file:
                    file.seek(info.offset or 0)
                    data.write(file.read(length))
            else:
                data.write(tensor.raw_data)
            put_beside(tensor, at, length)


def take_in_constants(graph, raw):
    """Of a large model the exporter writes constants of nodes as files too: they go into the graph."""
    for node in graph.node:
        for attribute in node.attribute:
            for tensor in [attribute.t, *attribute.tensors]:
                if uses_external_data(tensor):
                    load_external_data_for_tensor(tensor, raw)
                    tensor.data_location = onnx.TensorProto.DEFAULT
                    del tensor.external_data[:]
            for inner in [attribute.g, *attribute.graphs]:
                take_in_constants(inner, raw)


def put_beside(tensor, offset, length):
    tensor.ClearField("raw_data")
    del tensor.external_data[:]
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", WEIGHTS), ("offset", offset), ("length", length)):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, str(value)


def roomy():
    """Where the exporter may write a file for each weight: memory, if half of it would do."""
    shared = "/dev/shm"
    if os.path.isdir(shared) and shutil.disk_usage(shared).free > 16e9:
        return shared
    return None
