"""Pipelines of diffusers' class WanPipeline: Wan 2.1 text to video."""
import json
import os
import shutil

import torch
from diffusers import AutoencoderKLWan, UniPCMultistepScheduler, WanTransformer3DModel
from transformers import AutoTokenizer, UMT5EncoderModel

from errors import Refused
from graphs import Network
from wan_decoder import OPSET, decoder_network
from wan_networks import TEXT_LENGTH, TextEncoder, Transformer

PIPELINE = "WanPipeline"
# What Fractal's solver computes, and nothing else (engine: UniPC of order 2 on flow sigmas).
SOLVER = dict(
    prediction_type="flow_prediction", use_flow_sigmas=True, solver_order=2, solver_type="bh2", predict_x0=True,
    final_sigmas_type="zero", lower_order_final=True, timestep_spacing="linspace", thresholding=False,
    use_karras_sigmas=False, use_exponential_sigmas=False, use_beta_sigmas=False, use_dynamic_shifting=False,
    disable_corrector=[], solver_p=None, shift_terminal=None, num_train_timesteps=1000,
)
CLASSES = {
    "text_encoder": UMT5EncoderModel, "transformer": WanTransformer3DModel, "vae": AutoencoderKLWan,
}


class Folder:
    """The parts of such a pipeline, as they lie in its folder."""

    def __init__(self, source, kind):
        self.source, self.kind = source, kind

    def load(self, name):
        return cast(CLASSES[name].from_pretrained(self.source, subfolder=name, torch_dtype=self.kind).eval(), self.kind)

    def config(self, name):
        with open(f"{self.source}/{name}/config.json") as file:
            return json.load(file)

    def index(self):
        with open(f"{self.source}/model_index.json") as file:
            return json.load(file)

    def scheduler(self):
        with open(f"{self.source}/scheduler/scheduler_config.json") as file:
            return json.load(file)

    def write_tokenizer(self, out):
        """As it was published: transformers 5 writes another one than it read (without byte_fallback)."""
        folder = f"{self.source}/tokenizer"
        if not os.path.isfile(f"{folder}/tokenizer.json"):
            AutoTokenizer.from_pretrained(folder).save_pretrained(out)
            keep_only(out, ("tokenizer.json", "tokenizer_config.json"))
            return
        os.makedirs(out)
        for name in ("tokenizer.json", "tokenizer_config.json"):
            shutil.copyfile(f"{folder}/{name}", f"{out}/{name}")


def keep_only(folder, names):
    for name in os.listdir(folder):
        if name not in names:
            os.remove(f"{folder}/{name}")


def cast(model, kind):
    """
    Weights to `kind`, but for those that diffusers keeps in fp32: norms, the time's embedding, tables of shifts. UMT5's
    `wo`, which transformers keeps, too, is computed otherwise (wan_networks.py).
    """
    kept = set(model._keep_in_fp32_modules or ()) - {"wo"}
    for name, parameter in model.named_parameters():
        parameter.data = parameter.data.to(torch.float32 if kept.intersection(name.split(".")) else kind)
    return model


class Model:
    """A pipeline by its parts, each loaded when its turn comes."""

    def __init__(self, source, kind):
        self.parts = source if hasattr(source, "load") else Folder(source, kind)
        self.configs = {name: self.parts.config(name) for name in CLASSES}
        self.schedule = self.parts.scheduler()
        self.refuse()

    def refuse(self):
        index, transformer, vae = self.parts.index(), self.configs["transformer"], self.configs["vae"]
        if index.get("transformer_2", [None])[0] is not None or index.get("boundary_ratio") is not None:
            raise Refused("it has two transformers: Wan 2.2's form, which Fractal does not compute")
        if index.get("expand_timesteps"):
            raise Refused("it gives each frame a time of its own: Wan 2.2's form, which Fractal does not compute")
        if transformer.get("image_dim") is not None or transformer.get("added_kv_proj_dim") is not None:
            raise Refused("the transformer conditions on pictures: text to video is exported")
        width = self.configs["text_encoder"].get("d_model")
        if width != transformer.get("text_dim"):
            raise Refused(f"the text encoder gives {width} values a token, the transformer takes {transformer.get('text_dim')}")
        if not transformer.get("in_channels") == transformer.get("out_channels") == vae.get("z_dim"):
            raise Refused("the transformer and the VAE have latents of different widths: they are of two models")
        if vae.get("is_residual") or vae.get("patch_size") is not None:
            raise Refused("the VAE is Wan 2.2's, which Fractal does not compute")
        named = self.schedule.get("_class_name")
        if named != "UniPCMultistepScheduler":
            raise Refused(f"the scheduler is {named}: UniPCMultistepScheduler is exported")
        # What the file leaves out is diffusers' default.
        self.schedule = dict(UniPCMultistepScheduler.from_config(self.schedule).config)
        for option, ours in SOLVER.items():
            if self.schedule[option] != ours:
                raise Refused(f"the scheduler has {option} {self.schedule[option]}; Fractal's solver has {ours}")

    def networks(self):
        """Of each graph: made when it is asked for, so that memory holds one of the models at a time."""
        transformer, vae = self.configs["transformer"], self.configs["vae"]
        random = torch.Generator().manual_seed(1)
        draw = lambda *shape: torch.randn(*shape, generator=random)
        ids = torch.zeros(1, TEXT_LENGTH, dtype=torch.long)
        drawn = torch.randint(0, self.configs["text_encoder"]["vocab_size"], ids.shape, generator=random)
        some = (torch.arange(TEXT_LENGTH) < 77).long()[None]
        yield Network(
            "text_encoder", TextEncoder(self.parts.load("text_encoder")), (ids, torch.ones_like(ids)),
            ["input_ids", "attention_mask"], "last_hidden_state", opset=OPSET, checks=[(drawn * some, some)],
        )
        channels, width = transformer["in_channels"], transformer["text_dim"]
        size = {0: "batch", 2: "frames", 3: "height", 4: "width"}
        inputs = lambda time, *sides: (draw(1, channels, *sides), torch.tensor([time]), draw(1, TEXT_LENGTH, width))
        yield Network(
            # Odd numbers of patches, so that no size is baked in.
            "transformer", Transformer(self.parts.load("transformer")), inputs(500.0, 3, 6, 10),
            ["hidden_states", "timestep", "encoder_hidden_states"], "sample",
            {"hidden_states": size, "timestep": {0: "batch"}, "encoder_hidden_states": {0: "batch"}, "sample": size},
            OPSET, [inputs(999.0, 2, 8, 8), inputs(31.0, 5, 4, 12)],
        )
        channels = vae["z_dim"]
        decoder = decoder_network(self.parts.load("vae"))
        decoder.checks = [(draw(1, channels, frames, 6, 10),) for frames in (1, 2, 4)]
        yield decoder

    def write_configs(self, out):
        for name, folder in (("text_encoder", "text_encoder"), ("transformer", "transformer"), ("vae", "vae_decoder")):
            with open(f"{out}/{folder}/config.json", "w") as file:
                json.dump(self.configs[name], file, indent=2)
        self.parts.write_tokenizer(f"{out}/tokenizer")
        UniPCMultistepScheduler(**SOLVER, flow_shift=self.schedule["flow_shift"]).save_config(f"{out}/scheduler")
        index = {
            "_class_name": PIPELINE, "scheduler": ["diffusers", "UniPCMultistepScheduler"],
            "text_encoder": ["transformers", "UMT5EncoderModel"], "tokenizer": ["transformers", "T5TokenizerFast"],
            "transformer": ["diffusers", "WanTransformer3DModel"], "vae": ["diffusers", "AutoencoderKLWan"],
        }
        with open(f"{out}/model_index.json", "w") as file:
            json.dump(index, file, indent=2)

    def standard(self):
        """480p for two seconds: what cards of 24 GB make in minutes. 81 frames and 50 steps cost eight times as much."""
        return {
            "num_inference_steps": 25, "guidance_scale": 5.0, "num_frames": 33, "width": 832, "height": 480, "fps": 16,
            "denoiser_batch": 1, "decode_unit": "video",
        }
