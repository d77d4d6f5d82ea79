#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""DETR-R50 at full size with random weights: converts it, quantizes it on photographs of COCO, and shows
on other photographs how far each layer's result is from the float network's, the worst first; then
latency and peak memory. Needs the built programs, torch, transformers, and VITQ_DATA with coco/val2017."""

import argparse
import json
import math
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "golden"))

BAR = 20.0  # dB


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=Path, default=ROOT / "build" / "release" / "bin")
    parser.add_argument("--data", type=Path, default=os.environ.get("VITQ_DATA"), help="otherwise VITQ_DATA")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "detr_full_size", help="for models")
    parser.add_argument("--weights", choices=("initial", "lively"), default="initial", help="as transformers "
                        "initializes them, or as the golden models have them: attention far from uniform")
    parser.add_argument("--seed", type=int, default=50)
    parser.add_argument("--calibration", type=int, default=16, help="photographs to calibrate on")
    parser.add_argument("--images", type=int, default=3, help="other photographs, to compare on")
    parser.add_argument("--worst", type=int, default=15, help="how many layers to show")
    parser.add_argument("--threads", type=int, default=2, help="to quantize and compare; latency is one thread's")
    parser.add_argument("--no-bench", action="store_true", help="leave latency and memory out")
    options = parser.parse_args()
    if options.data is None:
        parser.error("name the data with --data or VITQ_DATA")
    return options


def run(options, program, *rest):
    """What the program prints; its failure is ours."""
    # Threads that wait asleep: spinning ones slow each other down where the machine has other work.
    environment = {**os.environ, "OMP_WAIT_POLICY": "passive"}
    command = [str(part) for part in (options.programs / program, *rest)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout


def write_checkpoint(options, folder):
    """What facebook/detr-resnet-50 has, of random weights: the configuration's defaults are its sizes."""
    import torch
    import transformers

    import lively

    torch.manual_seed(options.seed)
    config = transformers.DetrConfig(
        use_timm_backbone=False, backbone=None, use_pretrained_backbone=False, num_labels=91,
        backbone_config=transformers.ResNetConfig(out_features=["stage4"]))
    model = transformers.DetrForObjectDetection(config).eval()
    if options.weights == "lively":
        lively.fill(model, options.seed)
        with torch.no_grad():
            lively.fill_norms(model, options.seed)
    model.save_pretrained(folder)
    transformers.DetrImageProcessorPil().save_pretrained(folder)


def float_model(options):
    name = f"{options.weights}_{options.seed}"
    model = options.work / f"{name}.safetensors"
    if not model.exists():
        write_checkpoint(options, options.work / name)
        run(options, "vit_convert", options.work / name, "-o", model)
    return model


def photographs(options):
    """To calibrate on, and to compare on."""
    images = sorted((options.data / "coco" / "val2017").glob("*.jpg"))
    if len(images) < options.calibration + options.images:
        raise SystemExit(f"{len(images)} photographs, too few")
    return images[:options.calibration], images[-options.images:]


def quantized(options, model, images):
    listed = options.work / "calibration.txt"
    listed.write_text("".join(f"{image}\n" for image in images))
    result = model.with_suffix(".int8.safetensors")
    run(options, "vit_quantize", model, "--calib", listed, "-o", result, "--report",
        model.with_suffix(".report.json"), "--force", "-t", options.threads)
    return result


def compared(options, model, int8, images):
    """Of each layer the least dB over all images; None stands for equal."""
    least = {}
    for image in images:
        report = json.loads(run(options, "vit_inspect", "--compare", model, int8, image, "-f", "json", "-t",
                                options.threads))
        for layer in report["layers"]:
            found = layer["snr_db"]
            least[layer["layer"]] = min(least.get(layer["layer"], math.inf), math.inf if found is None else found)
    return least


def show(options, least, images):
    worst = sorted(least.items(), key=lambda item: item[1])
    under = [name for name, decibels in worst if decibels < BAR]
    print(f"{len(least)} layers on {len(images)} photographs; {len(under)} below {BAR:g} dB. The worst:\n")
    for name, decibels in worst[:options.worst]:
        print(f"{decibels:7.2f} dB  {name}")
    print()
    for name in ("logits", "boxes"):
        print(f"{least[name]:7.2f} dB  {name}")


def main():
    options = arguments()
    options.work.mkdir(parents=True, exist_ok=True)
    model = float_model(options)
    calibration, others = photographs(options)
    int8 = quantized(options, model, calibration)
    show(options, compared(options, model, int8, others), others)
    if not options.no_bench:
        print()
        print(run(options, "vit_bench", model, int8, "-t", 1, "--warmup", 1, "--iters", 5))


if __name__ == "__main__":
    main()
