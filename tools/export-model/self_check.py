"""What was exported against the model that it was exported from: the same inputs through onnxruntime and through torch."""
import onnxruntime
import torch

from errors import Refused

# Measured with random weights on a GPU: 5e-6 and 3.3e-3 (docs/performance.md).
MOST = {"fp32": 1e-4, "fp16": 2e-2}


@torch.no_grad()
def check(network, out, precision, say):
    folder = network.folder
    options = onnxruntime.SessionOptions()
    # As it was written: constant folding would keep each fp16 weight as fp32 on a CPU.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(f"{out}/{folder}/model.onnx", options, providers=["CPUExecutionProvider"])
    for inputs in network.checks:
        expected = network.module(*inputs)
        given = {name: value.numpy() for name, value in zip(network.names, inputs)}
        found = torch.from_numpy(session.run([network.output], given)[0])
        if found.shape != expected.shape:
            raise Refused(f"{folder} gives {list(found.shape)} where torch gives {list(expected.shape)}: a size was baked in")
        if not torch.isfinite(found).all():
            raise Refused(f"{folder} gives infinite values in {precision}: export it in another precision")
        error = float((found - expected).norm() / expected.norm())
        say(f"{folder} {'×'.join(map(str, inputs[0].shape))}: {error:.1e} from torch (limit {MOST[precision]:.0e})")
        if error > MOST[precision]:
            raise Refused(f"{folder} is {error:.1e} from torch, more than {MOST[precision]:.0e}: the export is not right")
