#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times vitq against ONNX Runtime and OpenVINO, each in float and with its own int8, on one ViT or DeiT in one
alternating run: every round times each party in turn, so that all see the same disturbances. Beside speed, how
near to float each is.

    peers.py                              DeiT-Tiny of $VITQ_DATA
    peers.py MODEL.safetensors            converted, or plain in timm's names
    peers.py --arch vit-base              random weights of that size
    peers.py --isa avx2                   as on a CPU that ends there, for every party
    peers.py --reuse                      with the models that the last run of this network has left
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
SOUND = 0.80  # int8 over f32 of ONNX Runtime; more means that its int8 path was not the fast one


def common_arguments(parser, rounds, iters):
    """What every comparison has."""
    add = parser.add_argument
    add("--programs", type=Path, default=environment.BUILD / "release" / "bin", metavar="DIR")
    add("--isa", choices=(environment.FULL, *environment.SETS), default=environment.FULL,
        help="as on a CPU that ends at this instruction set")
    add("-t", "--threads", type=int, default=1)
    add("--rounds", type=int, default=rounds)
    add("--iters", type=int, default=iters, help="batches per party and round")
    add("--json", type=Path, metavar="FILE", help="write the figures")
    add("--page", type=Path, metavar="FILE.md", help="put the table on this page, as docs/performance.md")


def arguments(description, **defaults):
    """Of the command line, whose options may have other defaults."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("model", nargs="?", type=Path, help="float model")
    add("--arch", choices=("deit-tiny", "deit-small", "vit-base"), help="random weights instead")
    add("--heads", type=int, help="of a plain checkpoint; default dim / 64")
    add("--calib", type=Path, metavar="DIR", help="images to calibrate on; otherwise those of VITQ_DATA")
    add("--samples", type=int, default=128, help="how many of them")
    add("--images", type=Path, metavar="DIR", help="images to compare with float on, likewise")
    add("--limit", type=int, default=32, help="how many of them; 0: do not compare")
    add("-b", "--batch", type=int, default=1, help="images at a time")
    add("--reuse", action="store_true", help="take models and accuracy of the last run as they are")
    common_arguments(parser, rounds=30, iters=5)
    parser.set_defaults(**defaults)
    options = parser.parse_args()
    complete(options, parser)
    return options


def complete(options, parser):
    if not (options.programs / "vit_bench").is_file():
        parser.error(f"{options.programs}: no vit_bench there; ./dev build makes it")
    data = os.environ.get("VITQ_DATA")
    if not data and not (options.calib and options.images and (options.model or options.arch)):
        parser.error("name a MODEL or an --arch, --calib and --images, or set VITQ_DATA")
    options.calib = options.calib or Path(data) / "imagenet" / "calib"
    options.images = options.images or Path(data) / "imagenet" / "val_227"
    if options.arch:
        options.limit = 0  # what random weights answer is near to nothing
        return
    options.model = options.model or Path(data) / DEFAULT_MODEL
    if not options.model.is_file():
        parser.error(f"{options.model}: no such file")


def workshop(options):
    """Where this network's models lie, and the one that all are made of."""
    from safetensors.numpy import save_file

    import prepare
    import vit_onnx
    shop = prepare.Workshop(environment.WORK / network_of(options), options.programs, options.reuse)
    if not options.arch:
        return shop, options.model
    return shop, shop.made("random.safetensors", lambda path: save_file(vit_onnx.random_weights(options.arch), path))


def gather(options):
    """All parties, ONNX Runtime's f32 first, and the decibels by name."""
    import prepare
    shop, source = workshop(options)
    found, ours = prepare.parties_of(shop, source, options)
    return found, prepare.accuracy(shop, found, ours, options) if options.limit else {}


def network_of(options):
    return options.arch or options.model.stem


def alternate(found, options):
    """Rounds by party, each (min, median) of its images in ms."""
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


def report_of(found, decibels, options):
    """Times all parties."""
    figures = summary(alternate(found, options))
    for party in found:
        figures[party.name]["bytes"] = party.bytes
        if party.name in decibels:
            figures[party.name]["snr_db"] = decibels[party.name]
    return {"cpu": environment.cpu(), "isa": environment.isa(), "threads": options.threads,
            "rounds": options.rounds, "iters": options.iters, "parties": figures,
            "int8_over_f32": list(figures.values())[1]["ratio"]}


def show(report):
    print(f"CPU: {report['cpu']}; ISA: {report['isa']}; threads: {report['threads']}; "
          f"{report['rounds']} rounds of {report['iters']}")
    print(f"{'':36}{'min ms':>9}{'median ms':>11}{'ratio':>8}{'of min':>8}{'SNR dB':>8}{'MB':>8}")
    for name, row in report["parties"].items():
        print(f"{name:36}{row['min_ms']:9.2f}{row['median_ms']:11.2f}{row['ratio']:8.3f}{row['ratio_of_min']:8.3f}"
              f"{page.decibels(row):>8}{row['bytes'] / 1e6:8.2f}")
    sound = report["int8_over_f32"]
    print(f"ONNX Runtime int8 / f32: {sound:.2f} ({'sound' if sound <= SOUND else 'NOT SOUND'}: "
          f"at most {SOUND:.2f} where its int8 path works)")


def publish(report, network, options):
    show(report)
    if options.page:
        page.add(options.page, network, report)
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")


def main():
    options = arguments(__doc__)
    environment.enter(options.isa)
    environment.pin(options.threads)
    found, decibels = gather(options)
    report = report_of(found, decibels, options)
    network = network_of(options) + f", batch {options.batch}" * (options.batch > 1)
    publish(report, network, options)


if __name__ == "__main__":
    main()
