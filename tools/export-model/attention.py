"""Attention as one node of onnxruntime, in place of the matrix of scores that diffusers' own form exports as."""
import torch

from errors import Refused


class MultiHeadAttention(torch.autograd.Function):
    """softmax(q k^T / sqrt(d)) v over [B, L, H*d]."""

    @staticmethod
    def symbolic(g, query, key, value, heads):
        return g.op("com.microsoft::MultiHeadAttention", query, key, value, num_heads_i=heads).setType(query.type())

    @staticmethod
    def forward(ctx, query, key, value, heads):
        q, k, v = (x.unflatten(2, (heads, -1)).transpose(1, 2) for x in (query, key, value))
        return torch.nn.functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2, 3)


class FusedProcessor:
    """diffusers' AttnProcessor2_0 with the node above."""

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, attention_mask=None, temb=None, **_):
        if attention_mask is not None:
            raise Refused("an attention with a mask is not exported")
        residual, shape = hidden_states, hidden_states.shape
        if len(shape) == 4:
            hidden_states = hidden_states.flatten(2).transpose(1, 2)
        if attn.group_norm is not None:
            hidden_states = attn.group_norm(hidden_states.transpose(1, 2)).transpose(1, 2)
        context = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        mixed = MultiHeadAttention.apply(attn.to_q(hidden_states), attn.to_k(context), attn.to_v(context), attn.heads)
        mixed = attn.to_out[0](mixed)
        if len(shape) == 4:
            mixed = mixed.transpose(-1, -2).reshape(shape)
        if attn.residual_connection:
            mixed = mixed + residual
        return mixed / attn.rescale_output_factor


def fuse(model):
    """Gives all of a model's attentions the fused form. Refuses those that it would compute otherwise."""
    for name, part in model.named_modules():
        if type(part).__name__ != "Attention":
            continue
        head = part.to_q.out_features // part.heads
        plain = (
            abs(part.scale - head**-0.5) < 1e-9 and part.to_k.out_features == part.to_q.out_features
            and part.spatial_norm is None and part.norm_cross is None and part.norm_q is None
            and part.add_k_proj is None
        )
        if not plain:
            raise Refused(f"the attention {name} has options that are not exported")
    model.set_attn_processor(FusedProcessor())
