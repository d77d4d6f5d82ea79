#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times vitq against ONNX Runtime (and OpenVINO) on one ViT or DeiT, one picture at a time, in one
alternating run: every round times each party in turn, so that all see the same disturbances.

    peers.py                              DeiT-Tiny of $VITQ_DATA
    peers.py MODEL.safetensors            converted, or plain in timm's names
    peers.py --arch vit-base              random weights of that size
    peers.py --isa avx2                   as on a CPU that ends at AVX2, for every party
"""

import argparse
import json
import os
import statistics
import sys
from pathlib import Path

import environment
import page

DEFAULT_MODEL = "weights/deit_tiny_patch16_224.safetensors"
TOLERANCE = 1e-4  # of the largest logit
SOUND = 0.80  # int8 over f32 of ONNX Runtime; more means that its int8 path was not the fast one


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("model", nargs="?", type=Path, help="float model")
    add("--arch", choices=("deit-tiny", "deit-small", "vit-base"), help="random weights instead")
    add("--heads", type=int, help="of a plain checkpoint; default dim / 64")
    add("--int8", nargs="+", default=[], metavar="BITS", choices=("w8a8", "w7a8", "w6a8", "w5a8", "w4a8"),
        help="ours quantized too, to each of these: w7a8 ...")
    add("--calib", type=Path, metavar="DIR", help="pictures for that; otherwise those of VITQ_DATA")
    add("--programs", type=Path, default=environment.BUILD / "release" / "bin", metavar="DIR")
    add("--attention", choices=("packed", "plain"), default="packed",
        help="ONNX form: Microsoft's fused operator, or standard operators as torch.onnx writes them")
    add("--openvino", action="store_true", help="time OpenVINO too")
    add("--isa", choices=("full", "avx2"), default="full")
    add("-t", "--threads", type=int, default=1)
    add("--rounds", type=int, default=30)
    add("--iters", type=int, default=5, help="pictures per party and round")
    add("--verify", action="store_true", help="compare our logits with ONNX Runtime's")
    add("--json", type=Path, metavar="FILE", help="write the figures")
    add("--page", type=Path, metavar="FILE.md", help="put the table on this page, as docs/performance.md")
    options = parser.parse_args()
    if options.arch is None and options.model is None:
        if "VITQ_DATA" not in os.environ:
            parser.error("name a MODEL or an --arch, or set VITQ_DATA")
        options.model = Path(os.environ["VITQ_DATA"]) / DEFAULT_MODEL
    if options.model and not options.model.is_file():
        parser.error(f"{options.model}: no such file")
    if options.int8 and options.calib is None:
        if "VITQ_DATA" not in os.environ:
            parser.error("name pictures with --calib, or set VITQ_DATA")
        options.calib = Path(os.environ["VITQ_DATA"]) / "imagenet" / "calib"
    return options


def checkpoint(options):
    """(tensors, shape, file) of the model to compare on."""
    from safetensors.numpy import save_file

    import vit_onnx
    path = options.model
    if options.arch:
        path = environment.WORK / f"{options.arch}.safetensors"
        save_file(vit_onnx.random_weights(options.arch), path)
    return *vit_onnx.read(path, options.heads), path


def gather(options):
    """All parties, ONNX Runtime's f32 first, and the shape of a picture."""
    import onnx

    import parties
    import vit_onnx
    tensors, shape, path = checkpoint(options)
    exported = environment.WORK / f"{path.stem}.{options.attention}.onnx"
    onnx.save(vit_onnx.build(tensors, shape, options.attention), exported)
    threads = options.threads
    found = [parties.OnnxRuntime("ONNX Runtime f32", exported, threads),
             parties.OnnxRuntime("ONNX Runtime dynamic int8", parties.quantized(exported), threads)]
    if options.openvino:
        found.append(parties.OpenVino(exported, threads))
    if (options.programs / "vit_bench").exists():
        output = environment.WORK / f"{path.stem}.converted.safetensors"
        ours = parties.converted(options.programs, path, output, shape.heads)
        found.append(parties.Ours("vitq f32", options.programs, ours, threads))
        for bits in options.int8:
            output = environment.WORK / f"{path.stem}.{bits}.safetensors"
            model = parties.integer(options.programs, ours, output, bits, options.calib)
            found.append(parties.Ours(f"vitq {bits.upper()}", options.programs, model, threads))
    else:
        print(f"no vit_bench in {options.programs}: only the peers are timed", file=sys.stderr)
    return found, (1, 3, shape.height, shape.width)


def alternate(found, options):
    """Rounds by party, each (min, median) of its pictures in ms."""
    rounds = {party.name: [] for party in found}
    for index in range(options.rounds):
        for party in found:
            rounds[party.name].append(party.measure(options.iters))
        if sys.stderr.isatty():
            print(f"\rround {index + 1} of {options.rounds}", end="", file=sys.stderr)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return rounds


def summary(rounds):
    """Per party: ms, and its ratio to the first party's, the median over the rounds of theirs."""
    base = next(iter(rounds.values()))
    result = {}
    for name, pairs in rounds.items():
        result[name] = {
            "min_ms": min(low for low, _ in pairs),
            "median_ms": statistics.median(middle for _, middle in pairs),
            "ratio": statistics.median(own[1] / first[1] for own, first in zip(pairs, base)),
            "ratio_of_min": min(low for low, _ in pairs) / min(low for low, _ in base),
        }
    return result


def show(report):
    print(f"CPU: {report['cpu']}; ISA: {report['isa']}; threads: {report['threads']}; "
          f"{report['rounds']} rounds of {report['iters']} pictures")
    print(f"{'':36}{'min ms':>9}{'median ms':>11}{'ratio':>8}{'of min':>8}")
    for name, row in report["parties"].items():
        print(f"{name:36}{row['min_ms']:9.2f}{row['median_ms']:11.2f}"
              f"{row['ratio']:8.3f}{row['ratio_of_min']:8.3f}")
    sound = report["int8_over_f32"]
    print(f"ONNX Runtime int8 / f32: {sound:.2f} ({'sound' if sound <= SOUND else 'NOT SOUND'}: "
          f"at most {SOUND:.2f} where its int8 path works)")


def disagreement(found, shape):
    """The largest difference of our f32 logits from ONNX Runtime's, of the largest logit."""
    import numpy as np
    ours = next((party for party in found if party.name == "vitq f32"), None)
    if ours is None:
        raise SystemExit("--verify needs our programs")
    pixels = np.random.default_rng(1).standard_normal(shape, dtype=np.float32)
    wanted = found[0].logits(pixels)
    return float(np.abs(ours.logits(pixels) - wanted).max() / np.abs(wanted).max())


def main():
    options = arguments()
    environment.enter(options.openvino, options.isa)
    environment.pin(options.threads)
    environment.WORK.mkdir(parents=True, exist_ok=True)
    found, shape = gather(options)
    agreed = True
    if options.verify:
        difference = disagreement(found, shape)
        agreed = difference <= TOLERANCE
        print(f"logits differ by {difference:.1e} of the largest; allowed {TOLERANCE:.0e}")
    figures = summary(alternate(found, options))
    report = {"cpu": environment.cpu(), "isa": environment.isa(), "threads": options.threads,
              "rounds": options.rounds, "iters": options.iters, "parties": figures,
              "int8_over_f32": list(figures.values())[1]["ratio"]}
    for party in found:
        figures[party.name]["bytes"] = party.model.stat().st_size
    show(report)
    if options.page:
        page.add(options.page, options.arch or options.model.stem, report)
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    return 0 if agreed else 1


if __name__ == "__main__":
    sys.exit(main())
