"""A diffusers folder with random weights, to try the exporter and to measure with.

    python random_model.py OUT --size tiny|full --tokenizer FOLDER

`full` has the sizes of text-to-video-ms-1.7b (UNet 1411 M, CLIP 340 M, VAE 84 M parameters).
"""
import argparse

import torch
from diffusers import AutoencoderKL, DPMSolverMultistepScheduler, TextToVideoSDPipeline, UNet3DConditionModel
from transformers import AutoTokenizer, CLIPTextConfig, CLIPTextModel

UNETS = {
    "full": {},
    "tiny": dict(block_out_channels=(32, 64, 64, 64), layers_per_block=1, cross_attention_dim=64, attention_head_dim=32, norm_num_groups=16),
}
TEXTS = {
    "full": dict(hidden_size=1024, intermediate_size=4096, num_hidden_layers=23, num_attention_heads=16, projection_dim=512),
    "tiny": dict(hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4, projection_dim=64),
}
VAES = {
    "full": dict(block_out_channels=(128, 256, 512, 512), layers_per_block=2),
    "tiny": dict(block_out_channels=(16, 32, 32, 32), layers_per_block=1, norm_num_groups=16),
}


@torch.no_grad()
def build(out, size, tokenizer_folder):
    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(tokenizer_folder)
    unet = UNet3DConditionModel(sample_size=32 if size == "full" else 8, **UNETS[size])
    for parameter in unet.parameters():
        # Temporal convolutions begin at zero: so they would compute nothing.
        if parameter.dim() > 1 and parameter.abs().max() == 0:
            torch.nn.init.normal_(parameter, std=0.02)
    vae = AutoencoderKL(
        in_channels=3, out_channels=3, latent_channels=4, sample_size=256, scaling_factor=0.18215,
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4, **VAES[size],
    )
    text = CLIPTextModel(CLIPTextConfig(
        vocab_size=max(len(tokenizer), 49408 if size == "full" else 0), hidden_act="gelu", max_position_embeddings=77,
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, **TEXTS[size],
    ))
    scheduler = DPMSolverMultistepScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
    TextToVideoSDPipeline(vae, text, tokenizer, unet, scheduler).save_pretrained(out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--size", choices=("tiny", "full"), default="tiny")
    parser.add_argument("--tokenizer", required=True)
    given = parser.parse_args()
    build(given.out, given.size, given.tokenizer)
