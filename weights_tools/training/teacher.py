# SPDX-License-Identifier: Apache-2.0
"""The teacher: a small residual convolutional network of nine weight layers.

Convolutions learn pictures of 32 x 32 in a dozen passes over them; a transformer that has to
imitate such a network needs fewer passes itself.
"""

import torch.nn as nn


def convolution(inputs, outputs, pool=False):
    layers = [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)]
    if pool:
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.body = nn.Sequential(convolution(width, width), convolution(width, width))

    def forward(self, x):
        return x + self.body(x)


class Teacher(nn.Module):
    def __init__(self, widths, classes):
        super().__init__()
        a, b, c, d = widths
        self.features = nn.Sequential(
            convolution(3, a),
            convolution(a, b, pool=True),
            Residual(b),
            convolution(b, c, pool=True),
            convolution(c, d, pool=True),
            Residual(d),
        )
        self.head = nn.Linear(d, classes, bias=False)

    def forward(self, x):
        # The factor keeps early logits small enough for a large learning rate.
        return 0.125 * self.head(self.features(x).amax(dim=(2, 3)))
