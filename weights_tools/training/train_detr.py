# SPDX-License-Identifier: Apache-2.0
"""Trains a small DETR on composed scenes of CIFAR-10 objects from nothing, and exports it.

Its backbone first learns to tell the ten classes apart, then the whole network to detect. Run the
same command again to go on from the last checkpoint.
"""

import json
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import save_file

from augment import crop_and_flip, mix, normalise, warp
from command import choose_place, parse_arguments
from config import CLASSES, DETR_CONFIGS, MEAN, SEED, STD
from data import class_names, hold_out, read_split
from detr import ResNet, TrainedDetr
from scenes import SIDE, compose
from set_loss import found, set_loss
from training import OutOfTime, Run


class Classifier(nn.Module):
    """The backbone on pictures at twice their size, as if they were objects of a scene."""

    def __init__(self, config):
        super().__init__()
        self.body = ResNet(config.width, config.blocks)
        self.head = nn.Linear(self.body.channels, CLASSES)

    def forward(self, x):
        x = F.interpolate(x, scale_factor=2.0, mode="bilinear")
        return self.head(self.body(x).mean((2, 3)))


def pretrain(config, train, held_out, place):
    net = Classifier(config).to(place.device, memory_format=torch.channels_last)
    stage = config.pretraining
    optimiser = torch.optim.AdamW(net.parameters(), weight_decay=stage.weight_decay)

    def loss_of(net, images, labels, _):
        view, targets = mix(normalise(warp(crop_and_flip(images), 0.5)), labels, 0.5)
        view = view.contiguous(memory_format=torch.channels_last)
        return F.cross_entropy(net(view).float(), targets, label_smoothing=0.05)

    run = Run("backbone", net, [optimiser], stage, len(train.labels), place)
    return run.fit(loss_of, train, held_out)


def optimisers(net, stage):
    """Muon for the matrices of the transformer, AdamW for everything else."""
    matrices, decayed, rest = [], [], []
    for name, parameter in net.named_parameters():
        if "transformer" in name and parameter.ndim == 2:
            matrices.append(parameter)
        else:
            (decayed if parameter.ndim == 4 else rest).append(parameter)
    muon = torch.optim.Muon(
        matrices, stage.learning_rate, stage.weight_decay, adjust_lr_fn="match_rms_adamw"
    )
    groups = [{"params": decayed, "weight_decay": stage.weight_decay}, {"params": rest}]
    return [muon, torch.optim.AdamW(groups, stage.learning_rate, weight_decay=0.0)]


def pictures_of(scenes):
    return normalise(scenes.pictures).contiguous(memory_format=torch.channels_last)


def judge(net, scenes):
    return found(*net(pictures_of(scenes)), scenes)


def detect(config, body, train, held_out, place):
    net = TrainedDetr(config, CLASSES)
    net.net.backbone[0].body.load_state_dict(body.state_dict())
    net = net.to(place.device, memory_format=torch.channels_last)
    stage = config.detection
    torch.manual_seed(SEED)
    judged = compose(config.scenes, held_out.images, held_out.labels)

    def loss_of(net, images, labels, _):
        with torch.no_grad(), torch.autocast(place.device.type, enabled=False):
            scenes = compose(len(images) // 3, images, labels)
        logits, boxes = net(pictures_of(scenes), scenes.boxes, scenes.labels)
        return set_loss(logits, boxes, scenes, config.queries)

    run = Run("detr", net, optimisers(net, stage), stage, len(train.labels), place, judge)
    return run.fit(loss_of, train, judged).net


def export(net, config, names, out):
    """Half-precision weights in the paper's names, config.json and preprocessor_config.json."""
    halves = {name: value.half().cpu().contiguous() for name, value in net.state_dict().items()
              if not name.endswith("num_batches_tracked")}
    save_file(halves, out / "model.safetensors", metadata={"format": "pt"})
    shape = {
        "model_type": "detr",
        "d_model": config.dim,
        "encoder_attention_heads": config.heads,
        "decoder_attention_heads": config.heads,
        "encoder_layers": config.encoder_layers,
        "decoder_layers": config.decoder_layers,
        "encoder_ffn_dim": config.feedforward,
        "decoder_ffn_dim": config.feedforward,
        "num_queries": config.queries,
        "dilation": True,
        "id2label": dict(enumerate(names)),
    }
    (out / "config.json").write_text(json.dumps(shape, indent=2) + "\n")
    pipeline = {
        "image_processor_type": "DetrImageProcessor",
        "do_resize": True,
        "size": {"shortest_edge": SIDE, "longest_edge": 2 * SIDE},
        "do_rescale": True,
        "do_normalize": True,
        "image_mean": list(MEAN),
        "image_std": list(STD),
    }
    (out / "preprocessor_config.json").write_text(json.dumps(pipeline, indent=2) + "\n")
    print(sum(value.numel() for value in halves.values()), "parameters")


def main():
    arguments = parse_arguments(__doc__, DETR_CONFIGS)
    place = choose_place(arguments)
    torch.manual_seed(SEED)
    config = DETR_CONFIGS[arguments.config]
    train_file = arguments.data / "train.safetensors"
    everything = read_split(train_file, config.train_images).to(place.device)
    train, held_out = hold_out(everything, config.held_out, SEED)
    try:
        body = pretrain(config, train, held_out, place).body
        net = detect(config, body, train, held_out, place)
    except OutOfTime:
        print("out of time for this piece; run the same command again to go on")
        return 0
    export(net, config, class_names(train_file), arguments.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
