"""Exports a text-to-video model of Hugging Face's diffusers to a folder that Fractal takes.

    python export_model.py SOURCE --out DIR [--precision fp16|fp32] [--name NAME] [--steps N] …

SOURCE is a folder with model_index.json, as `hf download` or `save_pretrained` make it. `fractal model export` runs
this in a virtual environment of its own, and then reads the folder with Fractal's own code.
"""
import argparse
import importlib
import json
import os
import re
import shutil
import sys
import time

from errors import Refused

STARTED = time.time()


def say(line):
    print(f"[{time.time() - STARTED:6.1f} s] {line}", file=sys.stderr, flush=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source")
    add_settings(parser)
    return parser.parse_args()


def add_settings(parser):
    parser.add_argument("--out", required=True)
    parser.add_argument("--precision", choices=("fp16", "fp32"), default="fp16")
    parser.add_argument("--name")
    parser.add_argument("--gpu-memory-mib", type=int)
    for option in ("steps", "frames", "width", "height", "fps", "max-pixels", "max-work"):
        parser.add_argument(f"--{option}", type=int)
    parser.add_argument("--guidance", type=float)


def pipeline_of(source):
    path = f"{source}/model_index.json"
    if not os.path.isfile(path):
        raise Refused(f"{source} has no model_index.json: it is no folder of a diffusers pipeline")
    with open(path) as file:
        return json.load(file).get("_class_name")


# The module of each pipeline; what they import takes half a minute to load, so refusals come before.
ARCHITECTURES = {"TextToVideoSDPipeline": "sd_text_to_video", "WanPipeline": "wan_text_to_video"}


def architecture_of(source):
    """The name of the module that knows this pipeline."""
    found = pipeline_of(source)
    if found not in ARCHITECTURES:
        raise Refused(f"model_index.json names {found}: what is exported is {', '.join(ARCHITECTURES)}")
    return ARCHITECTURES[found]


def refuse_weights(source):
    """Before anything is loaded: what would need more memory than there is, is half a download, or can't be traced."""
    size = 0
    for folder, _, names in os.walk(source):
        for name in names:
            if name.endswith(".safetensors.index.json"):
                refuse_missing(folder, name)
        weights = [name for name in names if name.endswith((".safetensors", ".bin"))]
        for name in weights:
            path = os.path.join(folder, name)
            if not os.path.exists(path):
                raise Refused(f"{path} is a link to a file that is not there: fetch it again")
            if name.endswith(".safetensors"):
                refuse_tensors(path)
            # Of two forms of the same weights, one is loaded.
            if not (name.endswith(".bin") and any(other.endswith(".safetensors") for other in weights)):
                size += os.path.getsize(path)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if size > memory:
        raise Refused(f"its weights have {size >> 30} GiB, this machine {memory >> 30} GiB of memory")


def refuse_missing(folder, index):
    """Weights in several files, which are listed in one of the same name."""
    try:
        with open(os.path.join(folder, index)) as file:
            listed = set(json.load(file)["weight_map"].values())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused(f"{os.path.join(folder, index)} lists no weights, or was cut off") from error
    missing = sorted(name for name in listed if not os.path.isfile(os.path.join(folder, name)))
    if missing:
        raise Refused(f"{folder} lacks {', '.join(missing)}: fetch it again")


def refuse_tensors(path):
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > 100_000_000:
            raise Refused(f"{path} is no safetensors file, or was cut off")
        header = file.read(length)
    try:
        tensors = [tensor for name, tensor in json.loads(header).items() if name != "__metadata__"]
        kinds = {tensor["dtype"] for tensor in tensors}
        end = 8 + length + max((tensor["data_offsets"][1] for tensor in tensors), default=0)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise Refused(f"{path} is no safetensors file, or was cut off") from error
    found = os.path.getsize(path)
    if found < end:
        raise Refused(f"{path} was cut off: it has {found} of {end} bytes")
    odd = kinds - {"F16", "F32", "BF16", "I64", "I32"}
    if odd:
        raise Refused(f"{path} has weights of {', '.join(sorted(odd))}: give fp16, bf16 or fp32")


def descriptor(model, args):
    standard = model.standard()
    given = {
        "num_inference_steps": args.steps, "guidance_scale": args.guidance, "num_frames": args.frames,
        "width": args.width, "height": args.height, "fps": args.fps,
    }
    standard.update({name: value for name, value in given.items() if value is not None})
    name = args.name or re.sub(r"[^A-Za-z0-9._-]+", "-", os.path.basename(os.path.abspath(args.source)))
    described = {"name": name, "precision": args.precision, **standard}
    for option in ("max_pixels", "max_work", "gpu_memory_mib"):
        if getattr(args, option) is not None:
            described[option] = getattr(args, option)
    return described


def export(args):
    if os.path.exists(args.out) and os.listdir(args.out):
        raise Refused(f"{args.out} is there and not empty: give a new folder")
    architecture = architecture_of(args.source)
    refuse_weights(args.source)
    import torch

    kind = torch.float16 if args.precision == "fp16" else torch.float32
    write(importlib.import_module(architecture).Model(args.source, kind), args)


def write(model, args, checked=True):
    """Writes what `args` name: whole, or not at all."""
    import torch

    from graphs import write_graph
    from self_check import check

    torch.manual_seed(0)
    beside = f"{args.out.rstrip('/')}.partial"
    shutil.rmtree(beside, ignore_errors=True)
    for network in model.networks():
        say(f"{network.folder}: loaded in {args.precision}")
        nodes = write_graph(network, beside)
        say(f"{network.folder}: {nodes} nodes")
        if checked:
            check(network, beside, args.precision, say)
        # Memory holds one at a time, where the model loads them so.
        del network
    model.write_configs(beside)
    with open(f"{beside}/fractal.json", "w") as file:
        json.dump(descriptor(model, args), file, indent=2)
    if os.path.isdir(args.out):
        os.rmdir(args.out)
    os.rename(beside, args.out)
    say(f"written: {args.out}")


if __name__ == "__main__":
    try:
        export(arguments())
    except Refused as refusal:
        print(f"refused: {refusal}", file=sys.stderr)
        sys.exit(3)
