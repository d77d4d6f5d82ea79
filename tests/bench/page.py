# SPDX-License-Identifier: Apache-2.0
"""The page of timings: a section for each network, instruction set, and number of threads; measured figures
only, but for the section on ARM64."""

import re

OVERVIEW = "By instruction set"
BUT_FOR_ONNX_RUNTIME = " but for ONNX Runtime"  # in headings, where it could not be limited

INTRODUCTION = """# Performance

What `./dev bench` and `tests/bench/transformers_peers.py` measured; nothing here is computed by hand. The section on
ARM64 is a prediction. In each table of measured times every round timed each party in turn, in milliseconds per
image, so that all saw the same disturbances. *Ratio* is the median over the rounds of a party's time by ONNX
Runtime's in float, and *of min* the same of the least times. *Logit SNR* is the energy of ONNX Runtime's logits in
float over that of a party's difference from them. It is measured on images that none was calibrated on, on this CPU:
where 16-bit sums may saturate, the same file answers worse. It is left empty for random weights, whose answers mean
nothing. A run is sound if ONNX Runtime's first int8 of the table takes at most 0.80 of its float.

Each party's int8 is its own quantizer's. ONNX Runtime: dynamic, and static of the products with weights, all per
channel; attention is its fused operator. OpenVINO: NNCF's mixed preset for transformers, without smooth
quantization, which takes DeiT-Tiny 5 dB further from float. All that calibrate do so on the same images, 128 where
answers are compared. The peers' DETR is calibrated on noise, since time does not depend on it.
"""

OVERVIEW_TEXT = """
These are the least times of one thread from the tables below, in milliseconds. The best peer is the fastest of any
precision, and *of the best* is W7A8's time by its. Where that is more than 1, the peer is ahead. ONNX Runtime does
not count where it saw more than the set. A table without a row of OpenVINO's default precision is older than that
party. With AMX that is bfloat16, and in another run it was ahead of ours on DeiT-Tiny: 4.95 ms to 5.7.

"""

HEADER = ("", "min ms", "median ms", "ratio", "of min", "logit SNR dB", "file MB")


def table(header, rows):
    """Lines of cells as Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines)


def add(file, network, report):
    """Puts the section of this report on the page, in place of one of the same heading."""
    put(file, f"{network}, {_threads(report['threads'])}, {_isa(report)}", _section(report))


def add_scaling(file, network, report):
    """Likewise of vitq alone, on more threads and images than one."""
    put(file, f"{network}, threads and batches, {_isa(report)}", scaling(report))


def scaling(report):
    """The section's text. `report` has for each kind the rows of one, more threads, and more images."""
    rows = []
    for kind, (one, threads, batch) in report["kinds"].items():
        rows.append([f"vitq {kind}", f"{one['min_ms']:.2f}"])
        for row in (threads, batch):
            rows[-1] += [f"{row['min_ms']:.2f}", f"{1 / row['ratio']:.2f}"]
    more = (_threads(report["threads"]), "times as fast", f"batch {report['batch']}", "times as fast")
    return (_where(report) + " runs. Times as fast: as one thread and one image, the median over the rounds.\n\n" +
            table(("ms per image, min", "1 thread, batch 1", *more), rows))


def put(file, heading, text):
    """Puts a section on the page, in place of one of the same heading."""
    sections = _sections(file.read_text()) if file.exists() else {}
    sections[heading] = text
    sections = {OVERVIEW: overview(sections)} | {name: old for name, old in sections.items() if name != OVERVIEW}
    file.write_text(INTRODUCTION + "".join(f"\n## {name}\n{text}" for name, text in sections.items()))


def overview(sections):
    """One table of all networks and instruction sets that were compared on one thread."""
    rows = []
    for heading, text in sections.items():
        found = re.fullmatch(r"(.+), 1 thread, (.+)", heading)
        if found and "| vitq W7A8 |" in text:
            limited = found[2].partition(BUT_FOR_ONNX_RUNTIME)
            rows.append([found[1], limited[0] + " (without ONNX Runtime)" * bool(limited[1]),
                         text.strip().partition(";")[0], *_against_best(text, bool(limited[1]))])
    header = ("network", "instruction sets", "CPU", "best peer", "its ms", "vitq f32", "W8A8", "W7A8", "of the best")
    return OVERVIEW_TEXT + table(header, rows)


def _against_best(text, without_onnx_runtime):
    """The best peer of a section and its time, and beside them ours."""
    times = {name: float(least) for name, least in re.findall(r"^\| ([^|]+) \| ([\d.]+) \|", text, re.MULTILINE)}
    others = ("vitq ", "ONNX Runtime ") if without_onnx_runtime else ("vitq ",)
    peers = {name: least for name, least in times.items() if not name.startswith(others)}
    best = min(peers, key=peers.get)
    ours = [f"{times[name]:.2f}" if name in times else "" for name in ("vitq f32", "vitq W8A8", "vitq W7A8")]
    ratio = times["vitq W7A8"] / peers[best]
    return [best, f"{peers[best]:.2f}", *ours, f"{ratio:.2f}" + (": the peer is ahead" if ratio > 1 else "")]


def _threads(count):
    return f"{count} thread{'s' * (count > 1)}"


def _isa(report):
    return report["isa"].split(" (")[0]


def _where(report):
    return (f"\n{report['cpu']}; instruction sets: {report['isa']}. {report['rounds']} rounds of "
            f"{report['iters']}")


def _sections(text):
    parts = text.split("\n## ")[1:]
    return {part.partition("\n")[0]: part.partition("\n")[2] for part in parts}


def _section(report):
    text = f"{_where(report)} images; ONNX Runtime's int8 takes {report['int8_over_f32']:.2f} of its float.\n\n"
    return text + table(HEADER, [_cells(name, row) for name, row in report["parties"].items()])


def _cells(name, row):
    return [name, f"{row['min_ms']:.2f}", f"{row['median_ms']:.2f}", f"{row['ratio']:.3f}",
            f"{row['ratio_of_min']:.3f}", decibels(row), f"{row['bytes'] / 1e6:.2f}"]


def decibels(row):
    """Of a party that was compared with float."""
    if "snr_db" not in row:
        return ""
    return "equal" if row["snr_db"] is None else f"{row['snr_db']:.1f}"
