"""Exports Wan with random weights, made on the GPU and never written as a folder of diffusers.

    python export_random_wan.py --size full --tokenizer FOLDER --out DIR [--device cuda] [--precision fp16] [--frames N] …

By the exporter's own code. `--unchecked`: without its self-check, which takes minutes of a CPU at full size; what the
export computes is compared with diffusers on the GPU after (bench/gpu.ts).
"""
import argparse
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools/export-model"))
import torch
from export_model import add_settings, say, write
from random_wan import TEXTS, Made, build
from wan_text_to_video import Model

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
add_settings(parser)
parser.add_argument("--size", choices=tuple(TEXTS), default="full")
parser.add_argument("--tokenizer", required=True)
parser.add_argument("--device", default="cuda")
parser.add_argument("--unchecked", action="store_true")
args = parser.parse_args()
args.source = f"random-wan-{args.size}"
kind = torch.float16 if args.precision == "fp16" else torch.float32
say("imported")
made = Made(build(args.size, args.tokenizer, args.device), kind, args.tokenizer)
say("made")
write(Model(made, kind), args, checked=not args.unchecked)
