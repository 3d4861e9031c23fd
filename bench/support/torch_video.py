"""Seconds of a standard video by torch and diffusers, beside which the engine's stand (bench/gpu.ts).

    python torch_video.py SOURCE FRACTAL_JSON RUNS DEVICE

Prints one line of JSON for each precision. TF32 is off, as the engine has it, then on.
"""
import json
import sys
import time

import torch
from diffusers import DiffusionPipeline

source, descriptor, runs, device = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
with open(descriptor) as file:
    standard = json.load(file)
form = {
    "num_inference_steps": standard["num_inference_steps"], "guidance_scale": standard["guidance_scale"],
    "num_frames": standard["num_frames"], "width": standard["width"], "height": standard["height"],
}


def settled():
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def measure(kind, tf32):
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
    pipe = DiffusionPipeline.from_pretrained(source, torch_dtype=kind).to(device)
    pipe.set_progress_bar_config(disable=True)
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    seconds = []
    for _ in range(runs + 1):
        began = settled()
        pipe("a red circle moves right on a blue background", generator=torch.Generator("cpu").manual_seed(7), **form)
        seconds.append(settled() - began)
    peak = torch.cuda.max_memory_allocated() >> 20 if device == "cuda" else None
    del pipe
    if device == "cuda":
        torch.cuda.empty_cache()
    return {"first_s": seconds[0], "video_s": sorted(seconds[1:])[runs // 2], "peak_mib": peak}


kinds = [("fp16", torch.float16, False), ("fp32", torch.float32, False), ("fp32, TF32", torch.float32, True)]
for name, kind, tf32 in kinds if device == "cuda" else kinds[1:2]:
    try:
        figures = measure(kind, tf32)
    except torch.cuda.OutOfMemoryError:
        figures = {"failed": "out of memory"}
    print(json.dumps({"precision": name, **figures}), flush=True)
