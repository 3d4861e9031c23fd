"""
Wan's text encoder and transformer in a form that can be exported. While they are exported they compute what diffusers
computes by other operations; called by themselves they are diffusers' own.
"""
import functools

import torch

from attention import MultiHeadAttention
from errors import Refused

# Tokens that WanPipeline gives its text encoder.
TEXT_LENGTH = 512
# T5's last product overflows in fp16, which is why transformers keeps its weights in fp32. Scaled by a power of two it does not.
WO_SCALE = 64.0


def exporting():
    return torch.onnx.is_in_onnx_export()


def rms_norm(norm, x):
    """torch.nn.RMSNorm has no symbol in the tracing exporter. A form that onnxruntime makes one operation of."""
    y = x.float()
    return (y / torch.sqrt(y.pow(2).mean(-1, keepdim=True) + norm.eps) * norm.weight.float()).type_as(x)


def rotate(x, cos, sin):
    """diffusers writes the halves into slices of an empty tensor, which exports as indices of the traced size."""
    even, odd = x.unflatten(-1, (-1, 2)).unbind(-1)
    c, s = cos[..., 0::2], sin[..., 1::2]
    return torch.stack((even * c - odd * s, even * s + odd * c), dim=-1).flatten(-2).type_as(x)


class FastGelu(torch.autograd.Function):
    """gelu(x + bias, approximate="tanh") as one node: onnxruntime does not recognise the ten that the exporter writes."""

    @staticmethod
    def symbolic(g, x, bias):
        return g.op("com.microsoft::FastGelu", x, bias).setType(x.type())

    @staticmethod
    def forward(ctx, x, bias):
        return torch.nn.functional.gelu(x + bias, approximate="tanh")


class Rotary(torch.autograd.Function):
    """`rotate` as one node, in float32 as there: x is [B, L, H*d]; cos and sin [L, d/2]."""

    @staticmethod
    def symbolic(g, x, cos, sin, heads):
        first = g.op("Constant", value_t=torch.tensor([0]))
        return g.op(
            "com.microsoft::RotaryEmbedding", x, first, cos, sin, interleaved_i=1, num_heads_i=heads
        ).setType(x.type())

    @staticmethod
    def forward(ctx, x, cos, sin, heads):
        even, odd = x.unflatten(2, (heads, -1)).unflatten(-1, (-1, 2)).unbind(-1)
        c, s = cos[None, :, None], sin[None, :, None]
        return torch.stack((even * c - odd * s, even * s + odd * c), dim=-1).flatten(-2).flatten(2, 3)


class ExportedAttention:
    """WanAttnProcessor with onnxruntime's attention: a matrix of scores takes 26 GB at 832×480 and 81 frames."""

    def __init__(self, original):
        self.original = original

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, attention_mask=None, rotary_emb=None):
        if not exporting():
            return self.original(attn, hidden_states, encoder_hidden_states, attention_mask, rotary_emb)
        context = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        query = rms_norm(attn.norm_q, attn.to_q(hidden_states))
        key = rms_norm(attn.norm_k, attn.to_k(context))
        if rotary_emb is not None:
            cos, sin = rotary_emb
            cos, sin = cos[0, :, 0, 0::2].float(), sin[0, :, 0, 1::2].float()
            query, key = (Rotary.apply(x.float(), cos, sin, attn.heads).type_as(x) for x in (query, key))
        return attn.to_out[0](MultiHeadAttention.apply(query, key, attn.to_v(context), attn.heads))


def gelu_forward(part, original, x):
    if not exporting():
        return original(x)
    return FastGelu.apply(torch.nn.functional.linear(x, part.proj.weight), part.proj.bias)


class Transformer(torch.nn.Module):
    """Takes and gives float32, whatever it computes in: the engine's interface."""

    def __init__(self, model):
        super().__init__()
        self.model = model
        for block in model.blocks:
            for attention in (block.attn1, block.attn2):
                if attention.add_k_proj is not None or type(attention.norm_q) is not torch.nn.RMSNorm:
                    raise Refused("the transformer's attention has options that are not exported")
                attention.set_processor(ExportedAttention(attention.processor))
            gelu = block.ffn.net[0]
            if getattr(gelu, "approximate", None) != "tanh":
                raise Refused("the transformer's feed-forward has another activation than gelu by tanh")
            gelu.forward = functools.partial(gelu_forward, gelu, gelu.forward)

    def forward(self, hidden_states, timestep, encoder_hidden_states):
        kind = self.model.blocks[0].attn1.to_q.weight.dtype
        return self.model(
            hidden_states.to(kind), timestep, encoder_hidden_states.to(kind), return_dict=False
        )[0].float()


class TracedProduct(torch.autograd.Function):
    """x W^T as the exporter writes it, without computing it: nobody looks at the values of a trace, and an encoder of
    5.7 G parameters takes minutes in fp16 on a CPU that has no fp16."""

    @staticmethod
    def symbolic(g, x, weight):
        product = g.op("MatMul", x, g.op("Transpose", weight, perm_i=[1, 0]))
        sizes, width = x.type().sizes(), weight.type().sizes()
        known = sizes is not None and width is not None
        return product.setType(x.type().with_sizes([*sizes[:-1], width[0]])) if known else product

    @staticmethod
    def forward(ctx, x, weight):
        return x.new_zeros(*x.shape[:-1], weight.shape[0])


class TextEncoder(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model
        for block in model.encoder.block:
            dense = block.layer[-1].DenseReluDense
            if not hasattr(dense, "wi_1"):
                raise Refused("the text encoder's layers are not gated, as UMT5's are")
            if dense.wo.weight.dtype == torch.float16:
                dense.wo.forward = functools.partial(in_float32, dense.wo)

    def forward(self, input_ids, attention_mask):
        if not exporting():
            return self.model(input_ids, attention_mask)[0].float()
        # The sum of all layers is float32, as it is where transformers keeps `wo` in fp32.
        hidden = self.model.encoder.embed_tokens(input_ids).float()
        # As transformers' eager attention has it: 0 or the lowest float32.
        mask = (1.0 - attention_mask[:, None, None, :].float()) * torch.finfo(torch.float32).min
        for block in self.model.encoder.block:
            hidden = hidden + attend(block.layer[0], hidden, mask).float()
            hidden = hidden + feed_forward(block.layer[-1], hidden).float()
        return self.model.encoder.final_layer_norm(hidden).float()


def in_float32(wo, x):
    """Of T5's last product, as precise as transformers has it, with weights in fp16."""
    return torch.nn.functional.linear(x.float(), wo.weight.float())


def attend(layer, hidden, mask):
    attention = layer.SelfAttention
    normed = layer.layer_norm(hidden)
    q, k, v = (
        product(normed, part).unflatten(2, (attention.n_heads, -1)).transpose(1, 2)
        for part in (attention.q, attention.k, attention.v)
    )
    scores = torch.matmul(q, k.transpose(2, 3)).float() + (bias_of(attention).float() + mask)
    mixed = torch.matmul(torch.softmax(scores, dim=-1).type_as(v), v)
    return product(mixed.transpose(1, 2).flatten(2, 3), attention.o)


def product(x, linear):
    """T5's have no bias."""
    return TracedProduct.apply(x, linear.weight)


def bias_of(attention):
    """
    Edges of the buckets are exact powers (log(16/8)/log(16)*8 = 2): another library's float32 log puts a distance into
    another bucket. So torch works them out here.
    """
    position = torch.arange(TEXT_LENGTH)
    buckets = attention._relative_position_bucket(position[None, :] - position[:, None]).detach()
    # A leaf of the graph, or the steps to it are traced.
    buckets = torch.from_numpy(buckets.numpy().astype("int32"))
    return attention.relative_attention_bias(buckets).permute(2, 0, 1).unsqueeze(0)


def feed_forward(layer, hidden):
    dense = layer.DenseReluDense
    normed = layer.layer_norm(hidden)
    gated = dense.act(product(normed, dense.wi_0).float()) * product(normed, dense.wi_1).float()
    if dense.wo.weight.dtype != torch.float16:
        return product(gated, dense.wo)
    return product((gated / WO_SCALE).half(), dense.wo).float() * WO_SCALE
