# SPDX-License-Identifier: Apache-2.0
"""Unpacks CIFAR-10 from one safetensors file of JPEG bytes into a folder for each class.

    python unpack_cifar10.py test.safetensors test/

writes test/airplane/00003.jpg and so on; the number is the picture's place in the file. `--limit N`
stops after the first N. Needs nothing beside Python itself.
"""

import argparse
import json
import struct
import sys
from pathlib import Path

EXPECTED = {"offset": "I64", "label": "U8", "jpeg": "U8"}


def read_tensors(content):
    """The bytes of each tensor, and the metadata: a length, a JSON header, then the data."""
    (header_size,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + header_size])
    data = memoryview(content)[8 + header_size :]
    tensors = {}
    for name, kind in EXPECTED.items():
        if header.get(name, {}).get("dtype") != kind:
            raise ValueError(f"no tensor `{name}` of type {kind}")
        start, end = header[name]["data_offsets"]
        tensors[name] = data[start:end]
    return tensors, header.get("__metadata__", {})


def unpack(source, target, limit):
    """Writes the first `limit` pictures; returns how many there were."""
    tensors, metadata = read_tensors(source.read_bytes())
    names = json.loads(metadata["classes"])
    labels, jpeg = tensors["label"], tensors["jpeg"]
    offsets = struct.unpack(f"<{len(labels) + 1}q", tensors["offset"])
    for name in names:
        (target / name).mkdir(parents=True, exist_ok=True)
    for i, label in enumerate(labels[:limit]):
        picture = jpeg[offsets[i] : offsets[i + 1]]
        (target / names[label] / f"{i:05}.jpg").write_bytes(picture)
    return min(limit, len(labels))


def main():
    parser = argparse.ArgumentParser(description="Unpacks CIFAR-10 into a folder for each class.")
    parser.add_argument("source", type=Path, help="safetensors file with offset, label and jpeg")
    parser.add_argument("target", type=Path, help="folder to write, created if need be")
    parser.add_argument("--limit", type=int, default=sys.maxsize, help="how many pictures at most")
    arguments = parser.parse_args()
    try:
        count = unpack(arguments.source, arguments.target, arguments.limit)
    except (OSError, ValueError, KeyError, IndexError, struct.error) as error:
        print(f"unpack_cifar10: {arguments.source}: {error}", file=sys.stderr)
        return 1
    print(f"{count} images in {arguments.target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
