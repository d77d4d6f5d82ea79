# SPDX-License-Identifier: Apache-2.0
"""Gives a model file outliers that leave its function as it is: a LayerNorm's gain and bias times 16 on
four channels, and the columns of the weights that read them divided by 16. Powers of two are exact."""

import json
import re
import struct

FACTOR = 16.0
CHANNELS = 4


def write(source, target):
    data = bytearray(source.read_bytes())
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    body = bytearray(data[8 + length:])
    for name in list(header):
        match = re.fullmatch(r"blocks\.(\d+)\.norm([12])\.weight", name)
        if match:
            reader = f"blocks.{match[1]}." + ("attn.qkv" if match[2] == "1" else "mlp.fc1")
            _move(header, body, name.removesuffix(".weight"), reader)
    header["__metadata__"].pop("xxh3", None)  # no longer true
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 64)
    target.write_bytes(struct.pack("<Q", len(text)) + text + body)


def _move(header, body, norm, reader):
    gain = _floats(header, body, norm + ".weight")
    bias = _floats(header, body, norm + ".bias")
    weight = _floats(header, body, reader + ".weight")
    width = len(gain)
    for channel in range(width // (2 * CHANNELS), width, width // CHANNELS):
        gain[channel] *= FACTOR
        bias[channel] *= FACTOR
        for at in range(channel, len(weight), width):
            weight[at] /= FACTOR


def _floats(header, body, name):
    entry = header[name]
    if entry["dtype"] != "F32":
        raise SystemExit(f"{name} is {entry['dtype']}, expected F32")
    begin, end = entry["data_offsets"]
    return memoryview(body)[begin:end].cast("f")
