#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times vitq against ONNX Runtime and OpenVINO on DETR at one size, float and static int8, in one
alternating run as peers.py does. Needs torch, transformers, onnx, onnxruntime, openvino and nncf beside the
built programs.

    detr_peers.py CHECKPOINT FLOAT.safetensors INT8.safetensors     the models that detr_full_size.py leaves
"""

import argparse
from pathlib import Path

import environment
import numpy as np
import parties
import peer_int8
import peers


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("checkpoint", type=Path, help="folder of Hugging Face's DETR")
    add("float", type=Path, help="the same converted")
    add("int8", type=Path, help="and quantized")
    add("--size", type=int, nargs=2, default=(800, 1066), metavar=("HEIGHT", "WIDTH"))
    peers.common_arguments(parser, rounds=5, iters=2)
    return parser.parse_args()


def exported(options):
    """The checkpoint as ONNX at this size."""
    import torch
    import transformers
    network = transformers.DetrForObjectDetection.from_pretrained(
        options.checkpoint, attn_implementation="eager").eval()

    class Answers(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.network = network

        def forward(self, pixels):
            found = self.network(pixel_values=pixels)
            return found.logits, found.pred_boxes

    path = environment.WORK / f"{options.checkpoint.name}.onnx"
    torch.onnx.export(Answers(), (torch.zeros(1, 3, *options.size),), path, input_names=["pixels"],
                      output_names=["logits", "boxes"], opset_version=17, dynamo=False)
    return path


def images(options, count=2):
    """To calibrate on: noise, since time does not depend on it."""
    noise = np.random.default_rng(0)
    return [noise.standard_normal((1, 3, *options.size), dtype=np.float32) for _ in range(count)]


def gather(options):
    path = exported(options)
    static, nncf = path.with_suffix(".static.onnx"), path.with_suffix(".nncf.xml")
    peer_int8.static_onnx(path, static, images(options))
    peer_int8.static_openvino(path, nncf, images(options))
    threads = options.threads
    return [parties.OnnxRuntime("f32", path, threads), parties.OnnxRuntime("static int8", static, threads),
            parties.OpenVino("f32", path, threads), parties.OpenVino("NNCF int8", nncf, threads),
            parties.Ours("f32", options.programs, options.float, threads),
            parties.Ours("W7A8", options.programs, options.int8, threads)]


def main():
    options = arguments()
    environment.limit(options.isa)
    environment.pin(options.threads)
    environment.WORK.mkdir(parents=True, exist_ok=True)
    report = peers.report_of(gather(options), {}, options)
    peers.publish(report, f"DETR-R50 at {options.size[0]} x {options.size[1]}", options)


if __name__ == "__main__":
    main()
