"""Wan 2.1's pipeline with random weights, to try the exporter and to measure with.

    python random_wan.py OUT --size tiny|full --tokenizer FOLDER

`full` has the sizes of Wan2.1-T2V-1.3B (transformer 1419 M, UMT5 encoder 5681 M, VAE 127 M parameters); `tiny` has the
weights of test/fixtures/wan-model on a CPU.
"""
import argparse
import json
import os
import shutil

import torch
from diffusers import AutoencoderKLWan, UniPCMultistepScheduler, WanPipeline, WanTransformer3DModel
from transformers import AutoTokenizer, UMT5Config, UMT5EncoderModel

TEXTS = {
    "full": dict(vocab_size=256384, d_model=4096, d_kv=64, d_ff=10240, num_layers=24, num_heads=64),
    "tiny": dict(vocab_size=164, d_model=48, d_kv=8, d_ff=96, num_layers=2, num_heads=6),
}
TRANSFORMERS = {
    "full": dict(num_attention_heads=12, attention_head_dim=128, num_layers=30, ffn_dim=8960, freq_dim=256, text_dim=4096),
    "tiny": dict(num_attention_heads=3, attention_head_dim=24, num_layers=3, ffn_dim=192, freq_dim=64, text_dim=48),
}
VAES = {"full": dict(base_dim=96, num_res_blocks=2), "tiny": dict(base_dim=8, num_res_blocks=1)}
SEED = 11


@torch.no_grad()
def build(size, tokenizer_folder, device="cpu"):
    """In fp32. The same weights each time on one kind of device."""
    torch.manual_seed(SEED)
    with torch.device(device):
        text = UMT5EncoderModel(UMT5Config(feed_forward_proj="gated-gelu", dense_act_fn="gelu_new", **TEXTS[size]))
        transformer = WanTransformer3DModel(**TRANSFORMERS[size])
        vae = AutoencoderKLWan(**VAES[size])
    scheduler = UniPCMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0, num_train_timesteps=1000,
    )
    parts = (text.to(device).eval(), transformer.to(device).eval(), vae.to(device).eval())
    enliven(*parts)
    tokenizer = AutoTokenizer.from_pretrained(tokenizer_folder)
    pipe = WanPipeline(tokenizer, parts[0], parts[2], scheduler, parts[1])
    pipe.set_progress_bar_config(disable=True)
    return pipe


def enliven(text, transformer, vae):
    """Random weights as they are initialised give gray pictures that don't heed the prompt."""
    def fill(parameter, mean, spread):
        parameter.normal_(mean, spread)

    for part in text.modules():
        if isinstance(part, torch.nn.Linear):
            fill(part.weight, 0, part.in_features**-0.5)
        if type(part).__name__ == "UMT5LayerNorm":
            fill(part.weight, 1, 0.2)
    for block in text.encoder.block:
        fill(block.layer[0].SelfAttention.relative_attention_bias.weight, 0, 1)
    fill(text.shared.weight, 0, 1)
    for part in transformer.modules():
        if isinstance(part, (torch.nn.Linear, torch.nn.Conv3d)):
            fill(part.weight, 0, part.weight[0].numel() ** -0.5)
            fill(part.bias, 0, 0.1)
        if isinstance(part, torch.nn.RMSNorm):
            fill(part.weight, 1, 0.2)
    for block in transformer.blocks:
        fill(block.norm2.weight, 1, 0.2)
        fill(block.norm2.bias, 0, 0.1)
    for part in vae.modules():
        if isinstance(part, (torch.nn.Conv2d, torch.nn.Conv3d)):
            fill(part.weight, 0, part.weight[0].numel() ** -0.5)
            fill(part.bias, 0, 0.1)
        if type(part).__name__ == "WanRMS_norm":
            fill(part.gamma, 1, 0.2)
    # The picture's spread: most values inside -1 ... 1, a few clamped.
    at = dict(device=vae.device)
    mean, std = (torch.tensor(v, **at).view(1, -1, 1, 1, 1) for v in (vae.config.latents_mean, vae.config.latents_std))
    latents = torch.randn(1, 16, 4, 8, 8, generator=torch.Generator().manual_seed(1)).to(vae.device)
    last = vae.decoder.conv_out
    last.weight.mul_(0.1)
    last.weight.mul_(0.85 / vae.decode(latents * std + mean).sample.std())
    last.bias.zero_()


class Made:
    """The parts of a pipeline in memory, as the exporter asks for them (wan_text_to_video.Folder): each once."""

    def __init__(self, pipe, kind, tokenizer_folder):
        self.pipe, self.kind, self.tokenizer_folder = pipe, kind, tokenizer_folder

    def load(self, name):
        from wan_text_to_video import cast

        part = cast(getattr(self.pipe, name), self.kind).cpu()
        setattr(self.pipe, name, None)
        return part

    def config(self, name):
        part = getattr(self.pipe, name)
        return json.loads(part.to_json_string()) if hasattr(part, "to_json_string") else part.config.to_dict()

    def index(self):
        return {"_class_name": "WanPipeline"}

    def scheduler(self):
        return {**self.pipe.scheduler.config, "_class_name": "UniPCMultistepScheduler"}

    def write_tokenizer(self, out):
        os.makedirs(out)
        for name in ("tokenizer.json", "tokenizer_config.json"):
            shutil.copyfile(f"{self.tokenizer_folder}/{name}", f"{out}/{name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--size", choices=tuple(TEXTS), default="tiny")
    parser.add_argument("--tokenizer", required=True)
    given = parser.parse_args()
    build(given.size, given.tokenizer).save_pretrained(given.out)
    # As it was given: transformers 5 writes another one than it read.
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(f"{given.tokenizer}/{name}", f"{given.out}/tokenizer/{name}")


if __name__ == "__main__":
    main()
