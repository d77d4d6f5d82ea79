# SPDX-License-Identifier: Apache-2.0
"""Random weights under which a network does something worth comparing, and the proof that it does:
attention maps far from uniform, logits of order 1 to 10, no gain left at 1 and no bias at 0."""

import torch
from torch import nn

ATTENTION_GAIN = 1.5  # of query and key weights: scores of standard deviation about 2
HEAD_GAIN = 3.0
BIAS = 0.3
TOKEN = 0.5


def fill(model, seed):
    """Overwrites every parameter of `model`, in the order of its state, from `seed`."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, module in model.named_modules():
            for key, parameter in module.named_parameters(recurse=False):
                parameter.copy_(_draw(parameter.shape, _law(name, module, key), generator))


def fill_norms(model, seed):
    """Gives every frozen batch norm of `model` statistics of its own."""
    generator = torch.Generator().manual_seed(seed + 1)
    for module in model.modules():
        if not hasattr(module, "running_var"):
            continue
        module.weight.copy_(_draw(module.weight.shape, (1.0, 0.25), generator))
        module.bias.copy_(_draw(module.bias.shape, (0.0, BIAS), generator))
        module.running_mean.copy_(_draw(module.weight.shape, (0.0, BIAS), generator))
        module.running_var.copy_(0.5 + torch.rand(module.weight.shape, generator=generator))


def images(shape, seed):
    """A batch of normalized pictures, f32."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def check(name, logits, attention, sharp=2.5, least=2):
    """Raises unless the run of model `name` was lively; returns one line about it. Attention must be `sharp` times
    as high at its peaks as if it were uniform, and the largest answer at least `least`."""
    tokens = attention[0].shape[-1]
    peak = min(float(layer.max(-1).values.mean()) for layer in attention)
    size = float(logits.abs().max())
    if peak < sharp / tokens:
        raise RuntimeError(f"{name}: attention is nearly uniform: mean peak {peak:.3f} of {tokens} tokens")
    if not least < size < 30:
        raise RuntimeError(f"{name}: largest answer {size:.3g}, wanted {least} to 30")
    return f"{name}: largest answer {size:.2f}, mean attention peak {peak:.2f} (uniform {1 / tokens:.2f})"


def _law(name, module, key):
    """(mean, standard deviation) of the parameter `key` of `module`."""
    if isinstance(module, nn.LayerNorm):
        return (_norm_gain(name), 0.25) if key == "weight" else (0.0, BIAS)
    if key == "bias":
        return (0.0, BIAS)
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        fan_in = module.weight[0].numel()
        return (0.0, _gain(name) * fan_in**-0.5)
    return (0.0, TOKEN)


def _gain(name):
    leaf = name.rsplit(".", 1)[-1]
    if leaf in ("qkv", "q_proj", "k_proj") or leaf.startswith(("q_content", "q_pos", "k_content", "k_pos")):
        return ATTENTION_GAIN
    return HEAD_GAIN if "head" in leaf or "classifier" in leaf else 1.0


def _norm_gain(name):
    """Norms of queries and keys take the place of the gain of their layers."""
    return ATTENTION_GAIN if name.endswith(("q_norm", "k_norm")) else 1.0


def _draw(shape, law, generator):
    mean, deviation = law
    return mean + deviation * torch.randn(shape, generator=generator)
