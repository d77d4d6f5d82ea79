#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Quantizes real networks by every recipe and number of bits, evaluates each against the float network,
and writes what was measured to docs/results.md. Needs the built programs and VITQ_DATA; the standard
library only. What has been measured by the same programs is not measured again."""

import argparse
import json
import sys
from pathlib import Path

import budget
import calibration
import detection
import ideas
import integer_only
import mixed
import networks
import paper_settings
import pairs
import sections
import sites
import table
from measure import Measurements, Programs

ROOT = Path(__file__).resolve().parents[2]

# (recipe, weight bits, activation bits), in the order in which they are shown.
DEFAULT = [("default", *bits) for bits in calibration.ALL_BITS]
WIDE = [("near-float", 10, 12), ("default", 12, 12), ("default", 10, 10)]
BASELINES = [(recipe, 8, 8) for recipe in ("minmax", "percentile", "mse", "entropy")]
PAPER = [("paper", 8, 8), ("paper", 6, 6)]
ABLATION = [
    ("similarity", {"ranking": False, "bias_correction": False}),
    ("similarity, ranking", {"bias_correction": False}),
    ("similarity, bias correction", {"ranking": False}),
    ("similarity, ranking, bias correction", {}),
]
MIXED = ("deit_tiny", "default_model")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=Path, default=ROOT / "build" / "release" / "bin")
    parser.add_argument("--data", type=Path, help="otherwise VITQ_DATA")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "results", help="for models and figures")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "results.md")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--networks", nargs="+", default=list(networks.ALL), choices=list(networks.ALL))
    parser.add_argument("--recipes", nargs="+", help="only these recipes; the paper's ablation is 'ablation', "
                        "and with mixed precision 'ablation_mixed', bits by layer are 'mixed', integers only 'integer_only', weights and activations "
                        "apart 'pairs', the paper's settings 'paper_settings', ideas for few bits 'ideas', site by site 'sites', "
                        "4MP to 8MP 'budget', the kinds of calibration 'calibration'")
    parser.add_argument("--update", action="store_true", help="replace the sections that are measured in the "
                        "output, and leave its others as they are")
    parser.add_argument("--scenes", type=Path, help="a folder with held_out and calibration, made by "
                        "compose_scenes.py; without it the section on detection is left out")
    parser.add_argument("--date", help="stated in the file, if given")
    return parser.parse_args()


def ablation_recipes(programs, folder):
    """The paper's recipe with parts switched off, as files."""
    paper = programs.recipe("paper")
    if paper is None:
        return []
    rows = []
    for number, (name, settings) in enumerate(ABLATION):
        recipe = json.loads(json.dumps(paper))
        recipe["name"] = f"paper: {name}"
        for steps in recipe["rounds"]:
            for step in steps:
                if step["method"] == "correlation":
                    step.update(settings)
        file = folder / f"paper_{number}.json"
        file.write_text(json.dumps(recipe))
        rows.append((str(file), 8, 8))
    return rows


def measure_all(options, programs, measurements):
    wanted = lambda row: not options.recipes or row[0] in options.recipes
    found = []
    for name in options.networks:
        network = networks.ALL[name](programs, options.data, options.work)
        if network is None:
            print(f"{name}: not here, left out", file=sys.stderr)
            continue
        rows = [row for row in WIDE + DEFAULT + BASELINES + PAPER if wanted(row) and programs.recipe(row[0])]
        if name == "deit_tiny" and wanted(("ablation",)):
            rows += ablation_recipes(programs, options.work)
        measured = [measurements.row(network, row) for row in rows]
        more = ""
        if name in MIXED and wanted(("mixed",)):
            more += mixed.section(network, mixed.rows(measurements, network))
        if name in MIXED and wanted(("integer_only",)):
            more += integer_only.section(network, integer_only.rows(measurements, network))
        if name in MIXED and wanted(("budget",)):
            more += budget.section(measurements, network, budget.rows(measurements, network))
        if name in MIXED and wanted(("sites",)):
            more += sites.section(network, sites.rows(measurements, network))
        if name in MIXED and wanted(("pairs",)):
            more += pairs.section(measurements, network, pairs.rows(measurements, network))
        if name == "deit_tiny" and wanted(("ablation_mixed",)):
            recipes = [(json.loads(Path(row[0]).read_text())["name"], row[0])
                       for row in ablation_recipes(programs, options.work)]
            more += budget.ablation_section(network, budget.ablation_rows(measurements, network, recipes))
        if name == "deit_tiny" and wanted(("calibration",)):
            more += calibration.section(network, calibration.rows(measurements, network, options.data))
        found.append((network, measured, more))
    return found


def of_recipes(options, programs, measurements):
    """The sections that compare variants of one recipe."""
    kinds = {"paper_settings": paper_settings, "ideas": ideas}
    wanted = [kind for name, kind in kinds.items() if not options.recipes or name in options.recipes]
    found = [networks.ALL[name](programs, options.data, options.work) for name in MIXED if name in options.networks]
    known = [network for network in found if network is not None]
    return "".join(kind.section(measurements, known) for kind in wanted if known)


def main():
    options = arguments()
    options.data = networks.data_folder(options.data)
    options.work.mkdir(parents=True, exist_ok=True)
    programs = Programs(options.programs, options.threads)
    measurements = Measurements(programs, options.work)
    page = table.page(measure_all(options, programs, measurements), programs, options.date)
    page += of_recipes(options, programs, measurements)
    if options.scenes:
        page += detection.section(detection.measure(measurements, options.scenes))
    options.output.write_text(sections.updated(options.output.read_text(), page) if options.update else page)


if __name__ == "__main__":
    main()
