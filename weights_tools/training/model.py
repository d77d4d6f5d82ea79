# SPDX-License-Identifier: Apache-2.0
"""The student: a plain vision transformer, in timm's parameter names and arithmetic."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class PatchEmbed(nn.Module):
    def __init__(self, patch_size, dim):
        super().__init__()
        self.proj = nn.Conv2d(3, dim, kernel_size=patch_size, stride=patch_size)

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)


class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x):
        batch, tokens, dim = x.shape
        qkv = self.qkv(x).view(batch, tokens, 3, self.heads, dim // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        # This is written out, without F.scaled_dot_product_attention. At 65 tokens the
        # backward pass of the fused kernel takes as long as the rest of the network on a
        # CPU.
        scores = (q * (dim // self.heads) ** -0.5) @ k.transpose(-2, -1)
        mixed = scores.softmax(dim=-1).to(v.dtype) @ v
        return self.proj(mixed.transpose(1, 2).reshape(batch, tokens, dim))


class Mlp(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.fc1 = nn.Linear(dim, 4 * dim)
        self.fc2 = nn.Linear(4 * dim, dim)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, dim, heads, drop_path):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.attn = Attention(dim, heads)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = Mlp(dim)
        self.drop_path = drop_path

    def forward(self, x):
        x = x + self.skip_some(self.attn(self.norm1(x)))
        return x + self.skip_some(self.mlp(self.norm2(x)))

    def skip_some(self, branch):
        """Stochastic depth: leave the branch out for some images, scale it up for the others."""
        if not self.training or self.drop_path == 0.0:
            return branch
        keep = 1.0 - self.drop_path
        mask = torch.rand(branch.shape[0], 1, 1, device=branch.device) < keep
        return branch * (mask.to(branch.dtype) / keep)


class VisionTransformer(nn.Module):
    def __init__(self, img_size, patch_size, embed_dim, depth, num_heads, num_classes, drop_path):
        super().__init__()
        self.grid = img_size // patch_size
        self.patch_embed = PatchEmbed(patch_size, embed_dim)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, embed_dim))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + self.grid**2, embed_dim))
        rates = [drop_path * i / max(depth - 1, 1) for i in range(depth)]
        self.blocks = nn.ModuleList(Block(embed_dim, num_heads, rate) for rate in rates)
        self.norm = nn.LayerNorm(embed_dim, eps=1e-6)
        self.head = nn.Linear(embed_dim, num_classes)
        initialise(self)

    def forward(self, x):
        x = self.patch_embed(x)
        x = torch.cat([self.cls_token.expand(x.shape[0], -1, -1).to(x.dtype), x], dim=1)
        x = x + self.position(x.shape[1] - 1)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x[:, 0]))

    def position(self, patches):
        """The position embedding, resampled when a smaller training picture has fewer patches."""
        if patches == self.grid**2:
            return self.pos_embed
        side = math.isqrt(patches)
        grid = self.pos_embed[:, 1:].transpose(1, 2).reshape(1, -1, self.grid, self.grid)
        grid = F.interpolate(grid, (side, side), mode="bilinear", align_corners=False)
        return torch.cat([self.pos_embed[:, :1], grid.flatten(2).transpose(1, 2)], dim=1)


def sinusoid(grid, dim):
    """Two-dimensional sine and cosine position codes, one row per patch."""
    frequency = 100.0 ** (-torch.arange(dim // 4) / (dim // 4))
    angle = torch.arange(grid)[:, None] * frequency[None]
    code = torch.cat([angle.sin(), angle.cos()], dim=1)
    rows = code[:, None].expand(grid, grid, -1)
    columns = code[None].expand(grid, grid, -1)
    return torch.cat([rows, columns], dim=2).reshape(grid * grid, dim)


def factor(matrix, rank):
    """Two factors of the best approximation of `matrix` at that rank."""
    u, s, vh = torch.linalg.svd(matrix)
    root = s[:rank].sqrt()
    return u[:, :rank] * root, (vh[:rank].T * root)


@torch.no_grad()
def initialise_attention(attention):
    """Mimetic initialisation (Trockman and Kolter, 2023).

    Trained transformers end with query-key products near +identity and value-projection
    products near -identity. Starting there saves a short run many epochs.
    """
    dim, heads = attention.proj.in_features, attention.heads
    width = dim // heads
    eye, scale = torch.eye(dim), dim**-0.5
    query, key = attention.qkv.weight[:dim], attention.qkv.weight[dim : 2 * dim]
    for h in range(heads):
        q, k = factor(0.7 * eye + 0.7 * scale * torch.randn(dim, dim), width)
        query[h * width : (h + 1) * width] = q.T
        key[h * width : (h + 1) * width] = k.T
    value, out = factor(0.4 * scale * torch.randn(dim, dim) - 0.4 * eye, dim)
    attention.qkv.weight[2 * dim :] = out.T
    attention.proj.weight.copy_(value)


@torch.no_grad()
def initialise(vit):
    for module in vit.modules():
        if isinstance(module, nn.Linear):
            nn.init.trunc_normal_(module.weight, std=0.02)
            nn.init.zeros_(module.bias)
    for block in vit.blocks:
        initialise_attention(block.attn)
    nn.init.normal_(vit.cls_token, std=0.02)
    # The amplitude is half that of plain sines. It is enough for neighbours to find each
    # other through the near-identity query-key products, not so much that it drowns the
    # patches.
    vit.pos_embed[0, 1:] = 0.5 * sinusoid(vit.grid, vit.head.in_features)
