"""Seconds of a standard video by torch and diffusers, beside which the engine's stand (bench/gpu.ts).

    python torch_video.py SOURCE FRACTAL_JSON RUNS DEVICE PRECISIONS OTHERS [FRAMES]

SOURCE is a folder of diffusers, or `random-wan:SIZE:TOKENIZER`: the weights of tools/export-model/random_wan.py.
PRECISIONS by commas: fp16, fp32, tf32. OTHERS is a JSON list of other shapes, each made once. FRAMES is a file with the
engine's standard video, to say how far torch's is from it. Prints one line of JSON for each precision. TF32 is off, as
the engine has it, but for `tf32`.
"""
import json
import os
import resource
import sys
import time

import numpy as np
import torch
from diffusers import DiffusionPipeline

source, descriptor, runs, device, precisions, others = sys.argv[1:7]
runs, others, frames_file = int(runs), json.loads(others), sys.argv[7] if len(sys.argv) > 7 else None
with open(descriptor) as file:
    standard = json.load(file)
FORM = ("num_inference_steps", "guidance_scale", "num_frames", "width", "height")
form = {name: standard[name] for name in FORM}


def settled():
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def pipeline(kind):
    if not source.startswith("random-wan:"):
        return DiffusionPipeline.from_pretrained(source, torch_dtype=kind).to(device)
    sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../tools/export-model"))
    from random_wan import build
    from wan_text_to_video import cast

    _, size, tokenizer = source.split(":")
    pipe = build(size, tokenizer, device)
    for part in (pipe.text_encoder, pipe.transformer, pipe.vae):
        cast(part, kind)
    for block in pipe.text_encoder.encoder.block:
        # As transformers has it.
        block.layer[-1].DenseReluDense.wo.float()
    return pipe


def video(pipe, shape):
    began = settled()
    made = pipe(
        "a red circle moves right on a blue background", negative_prompt="", output_type="np",
        generator=torch.Generator("cpu").manual_seed(7), **shape,
    ).frames[0]
    return settled() - began, made


def far_from_engine(made):
    """PSNR in dB, and the share of values that are off by more than 8 of 255."""
    ours = np.fromfile(frames_file, dtype=np.uint8).astype(np.float32)
    theirs = (np.asarray(made) * 255).round().astype(np.float32).reshape(-1)
    error = float(((ours - theirs) ** 2).mean())
    psnr = 10 * np.log10(255**2 / error) if error > 0 else None
    return {"psnr_db": psnr, "far_off": float((np.abs(ours - theirs) > 8).mean())}


def measure(kind, tf32):
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
    pipe = pipeline(kind)
    pipe.set_progress_bar_config(disable=True)
    if device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    seconds = []
    for _ in range(runs + 1):
        took, made = video(pipe, form)
        seconds.append(took)
    peak = (torch.cuda.max_memory_allocated() >> 20) if device == "cuda" else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    figures = {"first_s": seconds[0], "video_s": sorted(seconds[1:])[runs // 2], "peak_mib": peak}
    if frames_file is not None:
        figures.update(far_from_engine(made))
    print(json.dumps(figures), file=sys.stderr, flush=True)
    figures["others"] = [{"shape": shape, "first_s": video(pipe, {**form, **renamed(shape)})[0]} for shape in others]
    del pipe
    if device == "cuda":
        torch.cuda.empty_cache()
    return figures


def renamed(shape):
    names = {"steps": "num_inference_steps", "frames": "num_frames"}
    return {names.get(name, name): value for name, value in shape.items()}


KINDS = {"fp16": (torch.float16, False), "fp32": (torch.float32, False), "tf32": (torch.float32, True)}
for name in precisions.split(","):
    try:
        figures = measure(*KINDS[name])
    except torch.cuda.OutOfMemoryError:
        figures = {"failed": "out of memory"}
    print(json.dumps({"precision": "fp32, TF32" if name == "tf32" else name, **figures}), flush=True)
