# SPDX-License-Identifier: Apache-2.0
"""The ONNX graph of a ViT or DeiT, from weights in the project's canonical (timm's) names, written as
ONNX Runtime runs it fastest: fused query-key-value product, LayerNormalization, Gelu."""

import json
from dataclasses import dataclass

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from safetensors import safe_open

OPSET = 20
MICROSOFT = "com.microsoft"


@dataclass
class Shape:
    height: int
    width: int
    patch: int
    dim: int
    depth: int
    heads: int
    hidden: int
    classes: int
    eps: float = 1e-6
    batch: int = 1


# Of the published sizes, for --arch: dim, depth, heads. Patch 16, 224 x 224, hidden 4 x dim.
SIZES = {"deit-tiny": (192, 12, 3), "deit-small": (384, 12, 6), "vit-base": (768, 12, 12)}


def random_weights(arch, seed=0):
    """A checkpoint of the size `arch` with random weights, as tensors by canonical name."""
    dim, depth, _ = SIZES[arch]
    shapes = {"cls_token": (1, 1, dim), "pos_embed": (1, 197, dim), "norm": (dim,),
              "patch_embed.proj": (dim, 3, 16, 16), "head": (1000, dim)}
    for index in range(depth):
        block = f"blocks.{index}."
        shapes |= {block + "norm1": (dim,), block + "norm2": (dim,),
                   block + "attn.qkv": (3 * dim, dim), block + "attn.proj": (dim, dim),
                   block + "mlp.fc1": (4 * dim, dim), block + "mlp.fc2": (dim, 4 * dim)}
    random = np.random.default_rng(seed)
    tensors = {}
    for name, shape in shapes.items():
        values = random.standard_normal(shape, dtype=np.float32) * np.float32(np.prod(shape[1:])**-0.5)
        if "token" in name or "embed" in name and "proj" not in name:
            tensors[name] = values
            continue
        tensors[name + ".weight"] = values
        tensors[name + ".bias"] = random.standard_normal(shape[0], dtype=np.float32) * np.float32(0.1)
    return tensors


def read(path, heads=None):
    """Tensors and Shape of a checkpoint: a converted file, or a plain one in timm's names, whose shapes
    tell all but the heads (then 64 wide unless `heads` is given) and the image's (then square)."""
    with safe_open(path, "numpy") as file:
        tensors = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}
        metadata = file.metadata() or {}
    stated = json.loads(metadata["vitq"])["config"] if "vitq" in metadata else {}
    return tensors, _shape(tensors, stated, heads)


def _shape(tensors, stated, heads):
    dim, _, patch, _ = tensors["patch_embed.proj.weight"].shape
    patches = tensors["pos_embed"].shape[1] - 1 - ("dist_token" in tensors)
    side = patch * int(round(patches**0.5))
    depth = sum(name.endswith(".attn.qkv.weight") for name in tensors)
    return Shape(
        height=stated.get("image_height", side), width=stated.get("image_width", side), patch=patch,
        dim=dim, depth=depth, heads=stated.get("heads") or heads or dim // 64,
        hidden=tensors["blocks.0.mlp.fc1.weight"].shape[0], classes=tensors["head.weight"].shape[0],
        eps=stated.get("eps", 1e-6))


class Writer:
    """Nodes and initializers under construction; every method returns the name of its result."""

    def __init__(self, tensors):
        self.tensors = tensors
        self.nodes = []
        self.initializers = []

    def constant(self, name, values):
        self.initializers.append(numpy_helper.from_array(np.asarray(values, order="C"), name))
        return name

    def call(self, op, inputs, outputs=1, **attributes):
        name = f"{op.lower()}_{len(self.nodes)}"
        names = [name] if outputs == 1 else [f"{name}_{index}" for index in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, name=name, **attributes))
        return names[0] if outputs == 1 else names

    def reshape(self, x, shape):
        name = self.constant(f"shape_{len(self.nodes)}", np.array(shape, np.int64))
        return self.call("Reshape", [x, name])

    def linear(self, x, weight, bias, name):
        weight = self.constant(name + ".weight", weight.T)
        product = self.call("MatMul", [x, weight])
        return self.call("Add", [product, self.constant(name + ".bias", bias)])

    def layer(self, x, name):
        weight = self.tensors[name + ".weight"]
        bias = self.tensors.get(name + ".bias", np.zeros(len(weight), np.float32))
        return self.linear(x, weight, bias, name)

    def norm(self, x, name, eps):
        weight, bias = (self.constant(f"{name}.{key}", self.tensors[f"{name}.{key}"])
                        for key in ("weight", "bias"))
        return self.call("LayerNormalization", [x, weight, bias], axis=-1, epsilon=eps)


def build(tensors, shape, attention):
    """The model for so many images at a time as the shape says. `attention`: "plain" (standard operators, as
    torch.onnx writes them), "packed" (com.microsoft.Attention) or "split" (its products with weights apart)."""
    writer = Writer(tensors)
    x = _embed(writer, shape)
    attend = {"plain": _plain, "packed": _packed, "split": _split}[attention]
    for index in range(shape.depth):
        block = f"blocks.{index}."
        y = writer.norm(x, block + "norm1", shape.eps)
        y = writer.layer(attend(writer, y, block + "attn", shape), block + "attn.proj")
        x = writer.call("Add", [x, y])
        y = writer.norm(x, block + "norm2", shape.eps)
        y = writer.call("Gelu", [writer.layer(y, block + "mlp.fc1")])
        x = writer.call("Add", [x, writer.layer(y, block + "mlp.fc2")])
    _head(writer, writer.norm(x, "norm", shape.eps))
    pixels = helper.make_tensor_value_info(
        "pixels", TensorProto.FLOAT, [shape.batch, 3, shape.height, shape.width])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, [shape.batch, shape.classes])
    graph = helper.make_graph(writer.nodes, "vit", [pixels], [logits], writer.initializers)
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)


def _embed(writer, shape):
    grid = (shape.height // shape.patch) * (shape.width // shape.patch)
    weight, bias = (writer.constant(f"patch.{key}", writer.tensors[f"patch_embed.proj.{key}"])
                    for key in ("weight", "bias"))
    x = writer.call("Conv", ["pixels", weight, bias], kernel_shape=[shape.patch] * 2,
                    strides=[shape.patch] * 2)
    x = writer.call("Transpose", [writer.reshape(x, [shape.batch, shape.dim, grid])], perm=[0, 2, 1])
    tokens = [writer.tensors[name] for name in ("cls_token", "dist_token") if name in writer.tensors]
    tokens = np.repeat(np.concatenate(tokens, 1), shape.batch, axis=0)
    x = writer.call("Concat", [writer.constant("tokens", tokens), x], axis=1)
    return writer.call("Add", [x, writer.constant("pos_embed", writer.tensors["pos_embed"])])


def _plain(writer, x, name, shape):
    width = shape.dim // shape.heads
    weight = writer.tensors[name + ".qkv.weight"].copy()
    bias = _qkv_bias(writer, name).copy()
    weight[:shape.dim] *= width**-0.5
    bias[:shape.dim] *= width**-0.5
    x = writer.linear(x, weight, bias, name + ".qkv")
    x = writer.reshape(x, [shape.batch, -1, 3, shape.heads, width])
    x = writer.call("Transpose", [x], perm=[2, 0, 3, 1, 4])
    query, key, value = (
        writer.call("Gather", [x, writer.constant(f"{name}.{i}", np.array(i, np.int64))], axis=0)
        for i in range(3))
    scores = writer.call("MatMul", [query, writer.call("Transpose", [key], perm=[0, 1, 3, 2])])
    x = writer.call("MatMul", [writer.call("Softmax", [scores], axis=-1), value])
    return writer.reshape(writer.call("Transpose", [x], perm=[0, 2, 1, 3]), [shape.batch, -1, shape.dim])


def _packed(writer, x, name, shape):
    weight = writer.constant(name + ".qkv.weight", writer.tensors[name + ".qkv.weight"].T)
    bias = writer.constant(name + ".qkv.bias", _qkv_bias(writer, name))
    return writer.call("Attention", [x, weight, bias], num_heads=shape.heads, domain=MICROSOFT)


def _split(writer, x, name, shape):
    x = writer.linear(x, writer.tensors[name + ".qkv.weight"], _qkv_bias(writer, name), name + ".qkv")
    query_key_value = writer.call("Split", [x], outputs=3, axis=-1, num_outputs=3)
    return writer.call("MultiHeadAttention", query_key_value, num_heads=shape.heads, domain=MICROSOFT)


def _qkv_bias(writer, name):
    rows = len(writer.tensors[name + ".qkv.weight"])
    return writer.tensors.get(name + ".qkv.bias", np.zeros(rows, np.float32))


def _head(writer, x):
    """Class logits; with a distillation head, the mean of the two."""
    def logits(row, name):
        index = writer.constant(f"row_{row}", np.array(row, np.int64))
        return writer.layer(writer.call("Gather", [x, index], axis=1), name)

    result = logits(0, "head")
    if "head_dist.weight" in writer.tensors:
        total = writer.call("Add", [result, logits(1, "head_dist")])
        result = writer.call("Mul", [total, writer.constant("half", np.array(0.5, np.float32))])
    writer.nodes[-1].output[0] = "logits"
