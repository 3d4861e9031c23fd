"""Pipelines of diffusers' class TextToVideoSDPipeline: text-to-video-ms-1.7b and those that are built like it."""
import json
import os

import torch
from diffusers import AutoencoderKL, DPMSolverMultistepScheduler, UNet3DConditionModel
from transformers import AutoTokenizer, CLIPTextModel

from attention import fuse
from errors import Refused
from graphs import Network

PIPELINE = "TextToVideoSDPipeline"
# What Fractal's solver computes, and nothing else (engine: DPM-Solver++ 2M).
SOLVER = dict(
    algorithm_type="dpmsolver++", solver_order=2, solver_type="midpoint", prediction_type="epsilon",
    timestep_spacing="linspace", final_sigmas_type="zero", lower_order_final=True,
)
# Of a schedule that names another solver (the original's is DDIM), these make the noise; the solver is ours.
SCHEDULE = ("num_train_timesteps", "beta_start", "beta_end", "beta_schedule")
# Odd sizes, so that no size of an up-sampling is baked in.
TRACED = (2, 4, 5, 9, 11)


class Unet(torch.nn.Module):
    """Takes and gives float32, whatever it computes in: the engine's interface."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, sample, timestep, encoder_hidden_states):
        kind = self.model.dtype
        return self.model(sample.to(kind), timestep, encoder_hidden_states.to(kind), return_dict=False)[0].float()


class Decoder(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, latent_sample):
        return self.model.decode(latent_sample.to(self.model.dtype), return_dict=False)[0].float()


class Text(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids):
        return self.model(input_ids)[0].float()


class Model:
    """The parts of such a pipeline, loaded from its folder."""

    def __init__(self, source, kind):
        self.unet = UNet3DConditionModel.from_pretrained(source, subfolder="unet", torch_dtype=kind).eval()
        self.vae = AutoencoderKL.from_pretrained(source, subfolder="vae", torch_dtype=kind).eval()
        # The mask of the other implementations is traced as the size that it was traced at.
        self.text = CLIPTextModel.from_pretrained(
            source, subfolder="text_encoder", torch_dtype=kind, attn_implementation="eager"
        ).eval()
        self.tokenizer = AutoTokenizer.from_pretrained(source, subfolder="tokenizer", use_fast=True)
        with open(f"{source}/scheduler/scheduler_config.json") as file:
            self.schedule = json.load(file)
        self.refuse()

    def refuse(self):
        if self.schedule.get("prediction_type", "epsilon") != "epsilon":
            raise Refused(f"the scheduler predicts {self.schedule['prediction_type']}; Fractal's solver takes epsilon")
        if self.schedule.get("trained_betas") is not None or self.schedule.get("rescale_betas_zero_snr"):
            raise Refused("the scheduler has betas of its own, or rescales them: its noise schedule is not reproduced")
        if self.schedule.get("beta_schedule") not in ("linear", "scaled_linear"):
            raise Refused(f"the scheduler's betas are {self.schedule.get('beta_schedule')}: linear or scaled_linear is reproduced")
        if self.unet.config.in_channels != self.vae.config.latent_channels:
            raise Refused("the UNet and the VAE have latents of different widths: they are of two models")
        width = self.unet.config.cross_attention_dim
        if width != self.text.config.hidden_size:
            raise Refused(f"the text encoder gives {self.text.config.hidden_size} values a token, the UNet takes {width}")
        if (self.vae.config.shift_factor or 0) != 0 or self.vae.config.latents_mean is not None:
            raise Refused("the VAE shifts its latents: Fractal divides by the scaling factor and does no more")
        if not self.tokenizer.is_fast:
            raise Refused("its tokenizer can't be written as tokenizer.json")

    def scheduler(self):
        kept = {name: self.schedule[name] for name in SCHEDULE}
        return DPMSolverMultistepScheduler(**SOLVER, **kept)

    def networks(self):
        """Of each graph: the inputs are those that it is traced at."""
        fuse(self.unet)
        fuse(self.vae)
        channels, cross = self.unet.config.in_channels, self.unet.config.cross_attention_dim
        length = self.tokenizer.model_max_length
        video = {0: "batch", 2: "frames", 3: "height", 4: "width"}
        picture = {0: "batch", 2: "height", 3: "width"}
        batch, _, *sides = TRACED
        random = torch.Generator().manual_seed(1)
        draw = lambda *shape: torch.randn(*shape, generator=random)
        ids = torch.randint(0, self.text.config.vocab_size, (1, length), generator=random)
        step = lambda value: torch.tensor(value)
        return [
            Network(
                "text_encoder", Text(self.text), (torch.zeros(1, length, dtype=torch.long),), ["input_ids"],
                "last_hidden_state", {"input_ids": {0: "batch"}, "last_hidden_state": {0: "batch"}}, checks=[(ids,)],
            ),
            Network(
                "unet", Unet(self.unet),
                (torch.randn(batch, channels, *sides), torch.tensor(500), torch.randn(batch, length, cross)),
                ["sample", "timestep", "encoder_hidden_states"], "out_sample",
                {"sample": video, "encoder_hidden_states": {0: "batch"}, "out_sample": video},
                checks=[
                    (draw(2, channels, 3, 8, 8), step(801), draw(2, length, cross)),
                    (draw(2, channels, 2, 16, 8), step(1), draw(2, length, cross)),
                ],
            ),
            Network(
                "vae_decoder", Decoder(self.vae), (torch.randn(1, channels, 8, 8),), ["latent_sample"],
                "sample", {"latent_sample": picture, "sample": picture},
                checks=[(draw(1, channels, 8, 8),), (draw(1, channels, 16, 12),)],
            ),
        ]

    def write_configs(self, out):
        self.unet.save_config(f"{out}/unet")
        # Not the folder's own file: an old one lacks the scaling factor, which was a default then.
        self.vae.save_config(f"{out}/vae_decoder")
        self.tokenizer.save_pretrained(f"{out}/tokenizer")
        for name in os.listdir(f"{out}/tokenizer"):
            if name not in ("tokenizer.json", "tokenizer_config.json"):
                os.remove(f"{out}/tokenizer/{name}")
        self.scheduler().save_config(f"{out}/scheduler")
        index = {
            "_class_name": PIPELINE, "scheduler": ["diffusers", "DPMSolverMultistepScheduler"],
            "text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"],
            "unet": ["diffusers", "UNet3DConditionModel"], "vae": ["diffusers", "AutoencoderKL"],
        }
        with open(f"{out}/model_index.json", "w") as file:
            json.dump(index, file, indent=2)

    def standard(self):
        """The form of the videos that it was trained for."""
        side = self.unet.config.sample_size * 2 ** (len(self.vae.config.block_out_channels) - 1)
        return {
            "num_inference_steps": 25, "guidance_scale": 7.5, "num_frames": 16, "width": side, "height": side, "fps": 8,
            "denoiser_batch": 2, "decode_unit": "frame",
        }
