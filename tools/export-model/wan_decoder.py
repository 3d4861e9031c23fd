"""
Wan's causal video decoder as one graph: the first latent frame, then a Loop over the others that carries the caches of
all convolutions, on a GPU without leaving it. Memory follows one chunk of four pictures, not the video. Traced as it is
in diffusers, the graph would have the number of frames that it was traced at.
"""
import functools

import numpy as np
import onnx
import torch
from diffusers.models.autoencoders.autoencoder_kl_wan import WanAttentionBlock, WanCausalConv3d, WanRMS_norm, WanUpsample
from onnx import TensorProto, helper, numpy_helper

from errors import Refused
from graphs import Network, trace
from wan_networks import exporting

OPSET = 18
IR_VERSION = 8
# Below it, a norm in fp16 is as good as none; diffusers' own floor of 1e-12 is 0 there, and the quotient NaN.
SMALLEST_HALF = 2.0**-14


class Decoder(torch.nn.Module):
    """What diffusers decodes: float32 in and out."""

    def __init__(self, vae):
        super().__init__()
        self.vae = vae
        make_traceable(vae.decoder)

    def forward(self, latent_sample):
        return self.vae.decode(latent_sample.to(self.vae.dtype), return_dict=False)[0].float()


class DecoderNetwork(Network):
    """Traced in three parts, which are put together."""

    def write_raw(self, folder):
        onnx.save(loop_graph(self.module.vae.eval(), folder), f"{folder}/model.onnx")


def decoder_network(vae):
    return DecoderNetwork("vae_decoder", Decoder(vae), (), ["latent_sample"], "sample", opset=OPSET)


class FirstFrame(torch.nn.Module):
    """The first latent frame: one picture, and the cache of every causal convolution, always of two frames. What
    diffusers leaves out (None, one frame, "Rep") is zeros here: the padding that it would get."""

    def __init__(self, decoder):
        super().__init__()
        self.decoder = decoder

    def forward(self, x):
        cache = [None] * sum(isinstance(part, WanCausalConv3d) for part in self.decoder.modules())
        picture = self.decoder(x, feat_cache=cache, feat_idx=[0], first_chunk=True)
        channels = time_conv_channels(self.decoder)
        caches = []
        for item in cache:
            if item is None:
                continue
            if isinstance(item, str):
                # Height and width are those of the cache just before it.
                like = caches[-1][:, :1].expand(-1, channels[len(caches)], -1, -1, -1)
                caches.append(torch.zeros_like(like))
            else:
                caches.append(torch.cat([torch.zeros_like(item), item], dim=2))
        return (picture, *caches)


class NextFrame(torch.nn.Module):
    """Any later latent frame: four pictures."""

    def __init__(self, decoder):
        super().__init__()
        self.decoder = decoder

    def forward(self, x, *caches):
        cache = list(caches)
        pictures = self.decoder(x, feat_cache=cache, feat_idx=[0])
        return (pictures, *cache)


def time_conv_channels(decoder):
    """Channels of each convolution over time, by its place among the caches."""
    places, place = {}, 1 + 2 * len(decoder.mid_block.resnets)
    for block in decoder.up_blocks:
        place += 2 * len(block.resnets)
        if block.upsamplers is not None and block.upsamplers[0].mode == "upsample3d":
            places[place] = block.upsamplers[0].time_conv.in_channels
            place += 1
    return places


def make_traceable(decoder):
    """Gives parts another form while they are exported."""
    forms = {WanUpsample: upsample, WanAttentionBlock: attend_frames, WanRMS_norm: normalise}
    for part in decoder.modules():
        form = forms.get(type(part))
        if form is None:
            continue
        if type(part) is WanUpsample and tuple(part.scale_factor) != (2.0, 2.0):
            raise Refused("the decoder scales pictures by another factor than 2")
        part.forward = functools.partial(in_form, part.forward, functools.partial(form, part))


def in_form(original, exported, *args):
    return (exported if exporting() else original)(*args)


def upsample(_, x):
    """nearest-exact has no symbol in the tracing exporter; at factor 2 it is nearest, which needs no float32."""
    return torch.nn.functional.interpolate(x, scale_factor=(2.0, 2.0), mode="nearest")


def attend_frames(block, x):
    """squeeze(1) of a size that the exporter can't prove to be 1 becomes an If with two graphs."""
    b, c, t, h, w = x.shape
    frames = block.norm(x.permute(0, 2, 1, 3, 4).reshape(b * t, c, h, w))
    q, k, v = block.to_qkv(frames).flatten(2).transpose(1, 2).chunk(3, dim=-1)
    mixed = torch.nn.functional.scaled_dot_product_attention(q, k, v)
    mixed = block.proj(mixed.transpose(1, 2).reshape(b * t, c, h, w))
    return mixed.view(b, t, c, h, w).permute(0, 2, 1, 3, 4) + x


def normalise(norm, x):
    floor = SMALLEST_HALF if x.dtype == torch.float16 else 1e-12
    length = x.norm(2, 1 if norm.channel_first else -1, keepdim=True).clamp_min(floor)
    return x / length * norm.scale * norm.gamma + norm.bias


def loop_graph(vae, raw):
    """The whole graph: latents in float32, casts where it computes in fp16."""
    first, later = FirstFrame(vae.decoder), NextFrame(vae.decoder)
    channels = vae.config.z_dim
    x = torch.randn(1, channels, 1, 5, 7).to(vae.dtype)
    _, *caches = first(x)
    size, numbers = {3: "h", 4: "w"}, range(len(caches))
    before, after = [f"before{i}" for i in numbers], [f"after{i}" for i in numbers]
    part = lambda *what: trace(*what, OPSET)
    part(first, (x,), f"{raw}/first.onnx", ["x"], ["pictures", *after], {n: size for n in ("x", "pictures", *after)})
    part(later, (x, *caches), f"{raw}/next.onnx", ["x", *before], ["pictures", *after],
         {n: size for n in ("x", *before, "pictures", *after)})
    part(vae.post_quant_conv, (torch.randn(1, channels, 3, 5, 7).to(vae.dtype),), f"{raw}/quant.onnx", ["x"], ["y"],
         {n: {2: "f", **size} for n in ("x", "y")})
    weights = SharedWeights()
    quant = weights.take(onnx.load(f"{raw}/quant.onnx").graph, "q_", {"x": "given", "y": "latents"})
    head = weights.take(onnx.load(f"{raw}/first.onnx").graph, "a_", {"x": "frame0", "pictures": "picture0"})
    body = weights.take(onnx.load(f"{raw}/next.onnx").graph, "b_", {"x": "frame", "pictures": "pictures"})
    kind = TensorProto.FLOAT16 if vae.dtype == torch.float16 else TensorProto.FLOAT
    nodes = outer_nodes(quant, head, loop_body(body, kind, caches), kind, len(caches))
    floats = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(
        nodes, "wan_vae_decoder",
        [floats("latent_sample", [1, channels, "frames", "height", "width"])],
        [floats("sample", [1, 3, None, None, None])],
        [*constants(), *weights.all],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    return model


def loop_body(body, kind, caches):
    of_kind = lambda name, shape: helper.make_tensor_value_info(name, kind, shape)
    carried = lambda word: [of_kind(f"b_{word}{i}", [1, cache.shape[1], 2, None, None]) for i, cache in enumerate(caches)]
    nodes = [
        helper.make_node("Add", ["iteration", "one"], ["place"]),
        helper.make_node("Unsqueeze", ["place", "axis0"], ["place1"]),
        helper.make_node("Gather", ["latents", "place1"], ["frame"], axis=2),
        *body,
        helper.make_node("Identity", ["go"], ["go_on"]),
    ]
    return helper.make_graph(
        nodes, "next_frame",
        [helper.make_tensor_value_info("iteration", TensorProto.INT64, []),
         helper.make_tensor_value_info("go", TensorProto.BOOL, []), *carried("before")],
        [helper.make_tensor_value_info("go_on", TensorProto.BOOL, []), *carried("after"),
         of_kind("pictures", [1, 3, 4, None, None])],
    )


def outer_nodes(quant, head, body, kind, caches):
    node = helper.make_node
    return [
        node("Cast", ["latent_sample"], ["given"], to=kind),
        *quant,
        node("Gather", ["latents", "zero1"], ["frame0"], axis=2),
        *head,
        node("Shape", ["latents"], ["frames"], start=2, end=3),
        node("Sub", ["frames", "one1"], ["rest1"]),
        node("Squeeze", ["rest1"], ["rest"]),
        node("Loop", ["rest", "yes", *[f"a_after{i}" for i in range(caches)]],
             [*[f"last{i}" for i in range(caches)], "stack"], body=body),
        # [F-1, 1, 3, 4, H, W] -> [1, 3, 4(F-1), H, W]
        node("Transpose", ["stack"], ["turned"], perm=[1, 2, 0, 3, 4, 5]),
        node("Shape", ["picture0"], ["sides"], start=3, end=5),
        node("Mul", ["rest1", "four"], ["later_frames"]),
        node("Concat", ["lead", "later_frames", "sides"], ["shape"], axis=0),
        node("Reshape", ["turned", "shape"], ["later"], allowzero=1),
        node("Concat", ["picture0", "later"], ["joined"], axis=2),
        node("Cast", ["joined"], ["video"], to=TensorProto.FLOAT),
        node("Clip", ["video", "low", "high"], ["sample"]),
    ]


def constants():
    whole = lambda name, values: numpy_helper.from_array(np.array(values, dtype=np.int64), name)
    bound = lambda name, value: numpy_helper.from_array(np.array(value, dtype=np.float32), name)
    return [
        whole("one", 1), whole("axis0", [0]), whole("zero1", [0]), whole("one1", [1]), whole("four", [4]),
        whole("lead", [1, 3]), numpy_helper.from_array(np.array(True), "yes"), bound("low", -1), bound("high", 1),
    ]


class SharedWeights:
    """Each weight once, whichever of the graphs uses it: a Loop's body sees the names around it."""

    def __init__(self):
        self.all, self._by_bytes = [], {}

    def take(self, graph, prefix, renamed):
        names = dict(renamed)
        for tensor in graph.initializer:
            key = (tuple(tensor.dims), tensor.data_type, numpy_helper.to_array(tensor).tobytes())
            if key not in self._by_bytes:
                shared = TensorProto.FromString(tensor.SerializeToString())
                shared.name = self._by_bytes[key] = f"w{len(self.all)}"
                self.all.append(shared)
            names[tensor.name] = self._by_bytes[key]
        rename = lambda name: name if name == "" else names.setdefault(name, prefix + name)
        for node in graph.node:
            node.input[:] = [rename(name) for name in node.input]
            node.output[:] = [rename(name) for name in node.output]
            node.name = ""
        return list(graph.node)
