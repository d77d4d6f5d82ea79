# SPDX-License-Identifier: Apache-2.0
"""The networks that are measured: their float model files, calibration images and evaluation sets."""

import json
import os
import struct
from dataclasses import dataclass, field
from pathlib import Path

import outliers

STRAIGHT = {"image_processor_type": "ViTImageProcessor", "do_resize": True, "resample": 3,
            "size": {"height": 224, "width": 224}, "do_normalize": True,
            "image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
CIFAR_CALIBRATION = 128
PRETRAINED = Path(__file__).resolve().parents[2] / "models" / "pretrained"


@dataclass
class Set:
    """Labelled images, as vit_eval takes them."""

    folder: Path
    labels: Path
    options: list = field(default_factory=list)


@dataclass
class Network:
    name: str
    title: str
    model: Path
    calibration: Path
    sets: list


def data_folder(stated):
    folder = stated or os.environ.get("VITQ_DATA")
    if not folder:
        raise SystemExit("name the data with --data or VITQ_DATA")
    return Path(folder)


def deit_tiny(programs, data, work):
    source = data / "weights" / "deit_tiny_patch16_224.safetensors"
    if not source.exists():
        return None
    model = work / "deit_tiny.safetensors"
    programs.run("vit_convert", source, "-o", model, "--arch", "deit", "--preset", "fb-deit", "--force")
    return _on_imagenet("deit_tiny", "DeiT-Tiny", model, data, work)


def deit_tiny_outliers(programs, data, work):
    plain = deit_tiny(programs, data, work)
    if plain is None:
        return None
    model = work / "deit_tiny_outliers.safetensors"
    outliers.write(plain.model, model)
    return _on_imagenet("deit_tiny_outliers", "DeiT-Tiny with outliers that change nothing", model, data, work)


def default_model(programs, data, work):
    if not (data / "cifar10").exists():
        return None
    model = work / "default_model.safetensors"
    programs.run("vit_convert", PRETRAINED / "vit-cifar10", "-o", model, "--force")
    _unpack(data / "cifar10" / "train.safetensors", work / "cifar10" / "calib", CIFAR_CALIBRATION)
    labels = _unpack(data / "cifar10" / "test.safetensors", work / "cifar10" / "test", None)
    sets = [Set(work / "cifar10" / "test", labels)]
    return Network("default_model", "Default model (CIFAR-10)", model, work / "cifar10" / "calib", sets)


ALL = {"deit_tiny": deit_tiny, "deit_tiny_outliers": deit_tiny_outliers, "default_model": default_model}


def _on_imagenet(name, title, model, data, work):
    images = data / "imagenet"
    straight = work / "straight_224.json"
    straight.write_text(json.dumps(STRAIGHT))
    sets = [Set(images / "val_227", images / "val_227.tsv", ["--preprocessor", straight]),
            Set(images / "val_full", images / "val_full.tsv")]
    return Network(name, title, model, images / "calib", sets)


def _unpack(archive, folder, count):
    """Writes the first images of an archive of JPEG files, or all; answers the list of their labels."""
    labels = folder.with_suffix(".tsv")
    if labels.exists():
        return labels
    tensors = _read(archive)
    offsets = struct.unpack(f"<{len(tensors['offset']) // 8}q", tensors["offset"])
    total = len(offsets) - 1
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for index in range(total if count is None else min(count, total)):
        file = folder / f"{index:05}.jpg"
        file.write_bytes(tensors["jpeg"][offsets[index]:offsets[index + 1]])
        lines.append(f"{file.name}\t{tensors['label'][index]}\n")
    labels.write_text("".join(lines))
    return labels


def _read(file):
    """The bytes of each tensor of a safetensors file."""
    data = file.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    return {name: data[8 + length + entry["data_offsets"][0]:8 + length + entry["data_offsets"][1]]
            for name, entry in header.items()}
