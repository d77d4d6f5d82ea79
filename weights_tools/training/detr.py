# SPDX-License-Identifier: Apache-2.0
"""A small DETR (Carion et al., 2020) in the module names and arithmetic of the paper's repository.

What training adds, queries that are noisy copies of the objects (Li et al., DN-DETR, 2022), lives in
`Denoiser` and never reaches the exported network.
"""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class Bottleneck(nn.Module):
    def __init__(self, inputs, planes, stride, dilation):
        super().__init__()
        outputs = 4 * planes
        self.conv1 = nn.Conv2d(inputs, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, stride, dilation, dilation, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        out = F.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        return F.relu(out + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """torchvision's ResNet without its head; the last stage is dilated instead of strided (DC5)."""

    def __init__(self, width, blocks):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        inputs = width
        for i, count in enumerate(blocks):
            planes, last = width << i, i == len(blocks) - 1
            stage = []
            for j in range(count):
                stride = 2 if j == 0 and i > 0 and not last else 1
                stage.append(Bottleneck(inputs, planes, stride, 2 if last and j > 0 else 1))
                inputs = 4 * planes
            setattr(self, f"layer{i + 1}", nn.Sequential(*stage))
        self.channels = inputs

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        return self.layer4(self.layer3(self.layer2(self.layer1(x))))


class Backbone(nn.Module):
    def __init__(self, body):
        super().__init__()
        self.body = body

    def forward(self, x):
        return self.body(x)


def sine_positions(height, width, dim, device):
    """Normalised two-dimensional sine codes of the paper, [height * width, dim]: y first, then x."""
    half = dim // 2
    even = torch.arange(half, device=device) // 2 * 2
    period = 10000.0 ** (even / half)

    def code(extent):
        run = torch.arange(1, extent + 1, device=device)
        angle = run[:, None] / (extent + 1e-6) * (2 * math.pi) / period
        return torch.stack([angle[:, 0::2].sin(), angle[:, 1::2].cos()], dim=2).flatten(1)

    rows = code(height)[:, None].expand(-1, width, -1)
    columns = code(width)[None].expand(height, -1, -1)
    return torch.cat([rows, columns], dim=2).flatten(0, 1)


class Layer(nn.Module):
    """What encoder and decoder layers share; dropout is left out, for the scenes never repeat."""

    def __init__(self, dim, heads, feedforward):
        super().__init__()
        self.self_attn = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.linear1 = nn.Linear(dim, feedforward)
        self.linear2 = nn.Linear(feedforward, dim)
        self.norm1 = nn.LayerNorm(dim)
        self.norm2 = nn.LayerNorm(dim)

    def attend_self(self, x, position, mask=None):
        q = x + position
        return self.self_attn(q, q, x, need_weights=False, attn_mask=mask)[0]

    def feed_forward(self, x):
        return self.linear2(F.relu(self.linear1(x)))


class EncoderLayer(Layer):
    def forward(self, x, position):
        x = self.norm1(x + self.attend_self(x, position))
        return self.norm2(x + self.feed_forward(x))


class DecoderLayer(Layer):
    def __init__(self, dim, heads, feedforward):
        super().__init__(dim, heads, feedforward)
        self.multihead_attn = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.norm3 = nn.LayerNorm(dim)

    def forward(self, x, query, memory, key, mask):
        x = self.norm1(x + self.attend_self(x, query, mask))
        x = self.norm2(x + self.multihead_attn(x + query, key, memory, need_weights=False)[0])
        return self.norm3(x + self.feed_forward(x))


class Encoder(nn.Module):
    def __init__(self, count, *shape):
        super().__init__()
        self.layers = nn.ModuleList(EncoderLayer(*shape) for _ in range(count))

    def forward(self, x, position):
        for layer in self.layers:
            x = layer(x, position)
        return x


class Decoder(nn.Module):
    def __init__(self, count, dim, heads, feedforward):
        super().__init__()
        self.layers = nn.ModuleList(DecoderLayer(dim, heads, feedforward) for _ in range(count))
        self.norm = nn.LayerNorm(dim)

    def forward(self, query, memory, key, mask):
        """The normed output of every layer, for the auxiliary losses; the last is the answer."""
        x, outputs = torch.zeros_like(query), []
        for layer in self.layers:
            x = layer(x, query, memory, key, mask)
            outputs.append(self.norm(x))
        return torch.stack(outputs)


class Transformer(nn.Module):
    def __init__(self, config):
        super().__init__()
        shape = (config.dim, config.heads, config.feedforward)
        self.encoder = Encoder(config.encoder_layers, *shape)
        self.decoder = Decoder(config.decoder_layers, *shape)


class Perceptron(nn.Module):
    def __init__(self, inputs, hidden, outputs, depth=3):
        super().__init__()
        widths = [inputs] + [hidden] * (depth - 1) + [outputs]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:]))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return self.layers[-1](x)


class Detr(nn.Module):
    def __init__(self, config, classes):
        super().__init__()
        body = ResNet(config.width, config.blocks)
        self.backbone = nn.Sequential(Backbone(body))
        self.input_proj = nn.Conv2d(body.channels, config.dim, 1)
        self.transformer = Transformer(config)
        self.query_embed = nn.Embedding(config.queries, config.dim)
        self.class_embed = nn.Linear(config.dim, classes + 1)
        self.bbox_embed = Perceptron(config.dim, config.dim, 4)
        for parameter in self.transformer.parameters():
            if parameter.ndim > 1:
                nn.init.xavier_uniform_(parameter)

    def forward(self, images, extra=None, mask=None):
        """Class logits and boxes of every decoder layer, [layers, N, queries, ...].

        `extra` [N, n, dim] are further queries after the learned ones; `mask` says which queries
        (rows) must not see which others.
        """
        x = self.input_proj(self.backbone(images))
        position = sine_positions(*x.shape[2:], x.shape[1], x.device).to(x.dtype)
        memory = self.transformer.encoder(x.flatten(2).transpose(1, 2), position)
        query = self.query_embed.weight.expand(len(images), -1, -1)
        if extra is not None:
            query = torch.cat([query, extra.to(query.dtype)], dim=1)
        x = self.transformer.decoder(query, memory, memory + position, mask)
        return self.class_embed(x), self.bbox_embed(x).sigmoid()


class Denoiser(nn.Module):
    """Queries that hint at the objects: a jittered box, and a label that is wrong at times."""

    def __init__(self, dim, classes, groups):
        super().__init__()
        self.classes, self.groups = classes, groups
        self.label = nn.Embedding(classes, dim)
        self.box = Perceptron(8, dim, dim)

    def forward(self, boxes, labels):
        """Boxes [N, n, 4] and labels [N, n] to queries [N, groups * n, dim]."""
        boxes, labels = boxes.repeat(1, self.groups, 1), labels.repeat(1, self.groups)
        size = boxes[..., 2:].repeat(1, 1, 2)
        boxes = boxes + (torch.rand_like(boxes) - 0.5) * 0.8 * size
        wrong = torch.rand_like(boxes[..., 0]) < 0.3
        labels = torch.where(wrong, torch.randint_like(labels, self.classes), labels)
        angle = boxes * math.pi
        return self.box(torch.cat([angle.sin(), angle.cos()], dim=-1)) + self.label(labels)

    def mask(self, queries, most, device):
        """True where a query must not look: learned ones at hints, hints at another group's."""
        group = torch.arange(self.groups, device=device).repeat_interleave(most) + 1
        group = torch.cat([torch.zeros(queries, dtype=group.dtype, device=device), group])
        return (group[None] != group[:, None]) & (group[None] != 0)


class TrainedDetr(nn.Module):
    """The network and its training-time helper, which looks on only while it trains."""

    def __init__(self, config, classes):
        super().__init__()
        self.net = Detr(config, classes)
        self.denoiser = Denoiser(config.dim, classes, config.denoising_groups)

    def forward(self, images, boxes=None, labels=None):
        if boxes is None:
            return self.net(images)
        queries = self.net.query_embed.num_embeddings
        mask = self.denoiser.mask(queries, labels.shape[1], images.device)
        return self.net(images, self.denoiser(boxes, labels), mask)
