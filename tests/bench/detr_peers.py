#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times vitq against ONNX Runtime and OpenVINO on DETR at one size, float and static int8, in one
alternating run as peers.py does. Needs torch, transformers, onnx, onnxruntime, openvino and nncf beside the
built programs.

    detr_peers.py CHECKPOINT FLOAT.safetensors INT8.safetensors     the models that detr_full_size.py leaves
"""

import argparse
import json
import sys
from pathlib import Path

import environment
import numpy as np
import page
import parties
import peers


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("checkpoint", type=Path, help="folder of Hugging Face's DETR")
    add("float", type=Path, help="the same converted")
    add("int8", type=Path, help="and quantized")
    add("--size", type=int, nargs=2, default=(800, 1066), metavar=("HEIGHT", "WIDTH"))
    add("--programs", type=Path, default=environment.BUILD / "release" / "bin", metavar="DIR")
    add("--isa", choices=("full", "avx2"), default="full", help="avx2: as on a CPU that ends there")
    add("-t", "--threads", type=int, default=1)
    add("--rounds", type=int, default=5)
    add("--iters", type=int, default=2, help="pictures per party and round")
    add("--json", type=Path, metavar="FILE", help="write the figures")
    add("--page", type=Path, metavar="FILE.md", help="put the table on this page, as docs/performance.md")
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


def pictures(options, count=2):
    """To calibrate on: noise, since time does not depend on it."""
    noise = np.random.default_rng(0)
    return [noise.standard_normal((1, 3, *options.size), dtype=np.float32) for _ in range(count)]


def static_onnx(options, path):
    """Every product and convolution by integers, per channel."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Reader(CalibrationDataReader):
        def __init__(self):
            self._rest = iter(pictures(options))

        def get_next(self):
            found = next(self._rest, None)
            return None if found is None else {"pixels": found}

    output = path.with_suffix(".static.onnx")
    quantize_static(path, output, Reader(), quant_format=QuantFormat.QDQ, per_channel=True,
                    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)
    return output


def static_openvino(options, path):
    import nncf
    import openvino
    model = nncf.quantize(openvino.Core().read_model(path), nncf.Dataset(pictures(options)),
                          model_type=nncf.ModelType.TRANSFORMER, subset_size=2)
    output = path.with_suffix(".nncf.xml")
    openvino.save_model(model, output, compress_to_fp16=False)
    return output


def gather(options):
    path = exported(options)
    threads = options.threads
    found = [parties.OnnxRuntime("ONNX Runtime f32", path, threads),
             parties.OnnxRuntime("ONNX Runtime static int8", static_onnx(options, path), threads),
             parties.OpenVino(path, threads),
             parties.OpenVino(static_openvino(options, path), threads, "NNCF int8"),
             parties.Ours("vitq f32", options.programs, options.float, threads),
             parties.Ours("vitq W7A8", options.programs, options.int8, threads)]
    return found


def main():
    options = arguments()
    environment.limit(options.isa)
    environment.pin(options.threads)
    environment.WORK.mkdir(parents=True, exist_ok=True)
    figures = peers.summary(peers.alternate(gather(options), options))
    report = {"cpu": environment.cpu(), "isa": environment.isa(), "threads": options.threads,
              "rounds": options.rounds, "iters": options.iters, "parties": figures,
              "int8_over_f32": list(figures.values())[1]["ratio"]}
    peers.show(report)
    if options.page:
        page.add(options.page, f"DETR-R50 at {options.size[0]} x {options.size[1]}", report)
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
