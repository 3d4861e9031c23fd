"""Tracing a network to ONNX, and writing it with its weights beside it where they are too large for one file."""
import os
import shutil
import tempfile
import warnings

import onnx
import torch

# Of sizes that the modules look at while they are traced: the self-check runs other sizes than those.
warnings.filterwarnings("ignore", category=torch.jit.TracerWarning)

OPSET = 17
# Protobuf can't hold more than 2 GB; weights go into a file beside the graph well before that.
LARGEST_GRAPH = 1_500_000_000
# Of the names that onnxruntime takes, the one that diffusers and optimum use.
WEIGHTS = "model.onnx_data"


@torch.no_grad()
def write_graph(module, args, folder, inputs, output, dynamic):
    """One network. `.eval()` is on the wrapper: the exporter puts the wrapper's train flag back on every part."""
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=roomy()) as raw:
        # On the CPU even where there is a GPU: there, an index of repeat_interleave is on another device.
        torch.onnx.export(
            module.eval(), args, f"{raw}/model.onnx", dynamo=False, opset_version=OPSET, input_names=inputs,
            output_names=[output], dynamic_axes=dynamic, do_constant_folding=True, custom_opsets={"com.microsoft": 1},
        )
        model = onnx.load(f"{raw}/model.onnx")
        target = f"{folder}/model.onnx"
        if sum(len(tensor.raw_data) for tensor in model.graph.initializer) < LARGEST_GRAPH:
            onnx.save_model(model, target)
        else:
            onnx.save_model(
                model, target, save_as_external_data=True, all_tensors_to_one_file=True, location=WEIGHTS, size_threshold=1024
            )
    return len(model.graph.node)


def roomy():
    """Where the exporter may write a file for each weight: memory, if half of it would do."""
    shared = "/dev/shm"
    if os.path.isdir(shared) and shutil.disk_usage(shared).free > 16e9:
        return shared
    return None
