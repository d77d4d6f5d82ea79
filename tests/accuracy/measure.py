# SPDX-License-Identifier: Apache-2.0
"""Runs the programs and keeps what they measured, so that an interrupted run goes on where it stopped."""

import hashlib
import json
import math
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass


class Programs:
    def __init__(self, folder, threads):
        self.folder = folder
        self.threads = threads

    def run(self, name, *options):
        """What the program prints; its failure is ours."""
        command = [self.folder / name, *options, "-t", str(self.threads)]
        # Threads that wait asleep: spinning ones slow each other down where the machine has other work.
        environment = {**os.environ, "OMP_WAIT_POLICY": "passive"}
        return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True,
                              env=environment).stdout

    def version(self):
        return self.run("vit_quantize", "--version").strip()

    def digest(self):
        """Changes with the programs."""
        files = [self.folder / "vit_quantize", self.folder / "vit_eval"]
        return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()

    def recipe(self, name):
        """A named recipe as JSON; None if the programs do not know it."""
        command = [str(self.folder / "vit_quantize"), "--recipe", name, "--print-recipe"]
        result = subprocess.run(command, capture_output=True, text=True)
        return json.loads(result.stdout) if result.returncode == 0 else None


@dataclass
class Row:
    recipe: str
    bits: str
    images: int
    top1: float
    float_top1: float
    lost: int
    won: int
    agreement: float
    snr: float
    kl: float
    size: int
    ratio: float
    seconds: float
    operations: float  # of bits, as a share of the float model's


def key_of(network, title):
    """Under which a row is kept; `title`: recipe and bits as they are shown."""
    return f"{network.name}|{title[0]}|{title[1].lower()}"


class Measurements:
    def __init__(self, programs, work):
        self.programs = programs
        self.work = work
        self.file = work / f"figures_{programs.digest()[:16]}.json"
        self.known = json.loads(self.file.read_text()) if self.file.exists() else {}

        self.each_file = self.file.with_name(self.file.name.replace("figures", "each"))
        self.each = json.loads(self.each_file.read_text()) if self.each_file.exists() else {}

    def row(self, network, wanted):
        recipe, weight_bits, activation_bits = wanted
        name = json.loads(open(recipe).read())["name"] if recipe.endswith(".json") else recipe
        options = ["--calib", network.calibration, "--recipe", recipe, "--weight-bits", weight_bits,
                   "--act-bits", activation_bits]
        return self.measured(network, (name, f"W{weight_bits}A{activation_bits}"), options)

    def measured(self, network, title, options):
        """`title`: recipe and bits as they are shown; `options`: of vit_quantize."""
        key = key_of(network, title)
        if key not in self.known:
            print(key, file=sys.stderr)
            self.keep(key, asdict(self._measure(network, title, options)))
        return Row(**self.known[key])

    def keep(self, key, figures):
        self.known[key] = figures
        self.file.write_text(json.dumps(self.known, indent=1))
        self.each_file.write_text(json.dumps(self.each))

    def _measure(self, network, title, options):
        model = self.work / "quantized.safetensors"
        start = time.monotonic()
        report = self.work / "report.json"
        self.programs.run("vit_quantize", network.model, "-o", model, *options, "--report", report, "--force")
        seconds = time.monotonic() - start
        facts = json.loads(report.read_text())
        operations = facts["bit_operations"] / facts["float_bit_operations"]
        figures, self.each[key_of(network, title)] = self.evaluated(network, model)
        size = os.path.getsize(model)
        return Row(*title, size=size,
                   ratio=size / os.path.getsize(network.model), seconds=seconds,
                   operations=operations, **figures)

    def evaluated(self, network, model):
        """Figures of a model against its network, and the KL of each image."""
        evaluations = [json.loads(self.programs.run(
            "vit_eval", model, "--against", network.model, "--images", part.folder, "--labels", part.labels,
            "--format", "json", "--each", *part.options)) for part in network.sets]
        return pooled(evaluations), [kl for each in evaluations for kl in each["against"]["kl_of_each"]]


def pooled(evaluations):
    """The figures of several sets as if they were one."""
    images = sum(each["images"] for each in evaluations)
    total = lambda key: sum(each["against"]["sums"][key] for each in evaluations)
    error = total("error_energy")
    return {
        "images": images,
        "top1": 100 * sum(each["right"] for each in evaluations) / images,
        "float_top1": 100 * total("right") / images,
        "lost": sum(each["against"]["lost"] for each in evaluations),
        "won": sum(each["against"]["won"] for each in evaluations),
        "agreement": 100 * total("agreeing") / images,
        "snr": 10 * math.log10(total("reference_energy") / error) if error else math.inf,
        "kl": total("kl") / images,
    }
