#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times vitq against ONNX Runtime and OpenVINO on a network of transformers at full size, float and each
party's int8, in one alternating run as peers.py does. Weights are random; the peers calibrate on noise, since
time does not depend on it. Needs torch, transformers, onnx, onnxruntime, openvino and nncf beside the built
programs.

    transformers_peers.py yolos-tiny --calib PHOTOGRAPHS
"""

import argparse
from pathlib import Path

import environment
import numpy as np
import parties
import peer_int8
import peers
import prepare

NAMES = ("dinov2-small-224", "dinov2-small-518", "clip-vit-base-patch32", "clip-vit-base-patch16", "yolos-tiny",
         "table-transformer", "detr-resnet-50")
CALIBRATION_IMAGES = 4  # what is measured is time


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=NAMES)
    parser.add_argument("--calib", type=Path, required=True, metavar="DIR", help="images that ours calibrates on")
    parser.add_argument("--bits", nargs="+", choices=prepare.OUR_BITS, default=prepare.OUR_BITS, help="of ours")
    parser.add_argument("--reuse", action="store_true", help="take the models of the last run as they are")
    peers.common_arguments(parser, rounds=10, iters=3)
    return parser.parse_args()


def noise(network, count=2):
    source = np.random.default_rng(0)
    return [source.standard_normal((1, 3, *network.size), dtype=np.float32) for _ in range(count)]


def our_models(shop, network, options):
    import transformers_networks
    checkpoint = shop.made("checkpoint", lambda path: transformers_networks.write_checkpoint(network, path))
    models = {"f32": shop.made("f32.safetensors", lambda path: shop.program("vit_convert", checkpoint, "-o", path))}
    for bits in options.bits:
        models[bits] = shop.made(f"{bits.lower()}.safetensors", lambda path, bits=bits: shop.program(
            "vit_quantize", models["f32"], "--calib", options.calib, "--limit", CALIBRATION_IMAGES, "-o", path,
            "--weight-bits", bits[1], "--act-bits", bits[3]))
    return checkpoint, models


def gather(options):
    import transformers_networks
    network = transformers_networks.NETWORKS[options.network]
    shop = prepare.Workshop(environment.WORK / options.network, options.programs, options.reuse)
    checkpoint, models = our_models(shop, network, options)
    whole = shop.made("f32.onnx", lambda path: transformers_networks.write_onnx(network, checkpoint, path))
    dynamic = shop.made("dynamic.onnx", lambda path: peer_int8.dynamic_onnx(whole, path))
    nncf = shop.made("nncf.xml", lambda path: peer_int8.static_openvino(whole, path, noise(network)))
    threads = options.threads
    found = [parties.OnnxRuntime("f32", whole, threads), parties.OnnxRuntime("dynamic int8", dynamic, threads),
             parties.OpenVino("f32", whole, threads),
             parties.OpenVino("default precision", whole, threads, environment.openvino_precision()),
             parties.OpenVino("NNCF int8", nncf, threads, environment.openvino_precision())]
    size = network.size if network.any_size else None
    found += [parties.Ours(kind, options.programs, model, threads, size=size) for kind, model in models.items()]
    return found, network


def main():
    options = arguments()
    environment.limit(options.isa)
    environment.pin(options.threads)
    found, network = gather(options)
    report = peers.report_of(found, {}, options)
    peers.publish(report, f"{options.network} at {network.size[0]} x {network.size[1]}", options)


if __name__ == "__main__":
    main()
