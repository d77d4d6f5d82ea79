# SPDX-License-Identifier: Apache-2.0
"""Every party's model of one ViT or DeiT, and the prepared images that they are calibrated and judged on."""

import json
import shutil
from pathlib import Path

import environment
import numpy as np
import onnx
import parties
import peer_int8
import vit_onnx

OUR_BITS = ("W8A8", "W7A8", "W6A8")
# How attention is written, for whom: as each of them answers soonest.
FORMS = ("packed", "split", "plain")


class Workshop:
    """Models in one folder, made by `make(output)` if they are not there, which with `reuse` they may be."""

    def __init__(self, folder, programs, reuse):
        if not reuse:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.programs = programs

    def made(self, name, make):
        path = self.folder / name
        if not path.exists():
            make(path)
        return path

    def program(self, name, *words):
        parties.output_of([self.programs / name, *words])

    def pixels(self, name, model, images):
        """The images [n, 3, H, W] as `model`, one of ours, says to prepare them."""
        def dump(output):
            folder = output.with_suffix("")
            self.program("vit_infer", "-m", model, *images, "--dump", folder, "--force")
            (folder / "input.npy").rename(output)

        return np.load(self.made(f"{name}.npy", dump))

    def float_model(self, source, heads):
        """`source` as our programs read it: itself, or converted."""
        with open(source, "rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        if "vitq" in header.get("__metadata__", {}):
            return source
        return self.made("f32.safetensors", lambda output: self.program(
            "vit_convert", source, "-o", output, "--arch", "deit", *(["--heads", heads] if heads else []), "--preset",
            "fb-deit", "--force"))

    def our_models(self, source, options):
        """Ours by kind: in float, and quantized from that."""
        base = self.float_model(source, options.heads)
        models = {"f32": base}
        for bits in OUR_BITS:
            models[bits] = self.made(f"{bits.lower()}.safetensors", lambda output, bits=bits: self.program(
                "vit_quantize", base, "--calib", options.calib, "--limit", options.samples, "-o", output,
                "--weight-bits", bits[1], "--act-bits", bits[3], "--force"))
        return models


def spread(folder, count):
    """`count` images of a folder, evenly over all."""
    found = sorted(path for path in Path(folder).iterdir() if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    if not found:
        raise SystemExit(f"{folder}: no images")
    count = min(count, len(found))
    return [found[index * len(found) // count] for index in range(count)]


def parties_of(shop, source, options):
    """All parties, ONNX Runtime's f32 first, and our float model."""
    tensors, shape = vit_onnx.read(source, options.heads)
    shape.batch = options.batch
    models = shop.our_models(source, options)
    ours = models["f32"]
    calibration = shop.pixels("calibration", ours, spread(options.calib, options.samples))
    batches = [calibration[at:at + shape.batch] for at in range(0, len(calibration) - shape.batch + 1, shape.batch)]
    name = f"batch{shape.batch}"
    packed, split, plain = (
        shop.made(f"{form}.{name}.onnx",
                  lambda output, form=form: onnx.save(vit_onnx.build(tensors, shape, form), output))
        for form in FORMS)
    dynamic = shop.made(f"dynamic.{name}.onnx", lambda output: peer_int8.dynamic_onnx(packed, output))
    static = shop.made(f"static.{name}.onnx",
                       lambda output: peer_int8.static_onnx(split, output, batches, ["MatMul"]))
    nncf = shop.made(f"nncf.{name}.xml", lambda output: peer_int8.static_openvino(plain, output, batches))
    threads = options.threads
    found = [parties.OnnxRuntime("f32", packed, threads), parties.OnnxRuntime("dynamic int8", dynamic, threads),
             parties.OnnxRuntime("static int8", static, threads), parties.OpenVino("f32", plain, threads),
             parties.OpenVino("default precision", plain, threads, environment.openvino_precision()),
             parties.OpenVino("NNCF int8", nncf, threads, environment.openvino_precision())]
    found += [parties.Ours(kind, shop.programs, model, threads, shape.batch) for kind, model in models.items()]
    return found, ours


def accuracy(shop, found, ours, options):
    """By party, decibels of the logits over their difference from those of the first, None where equal."""
    def measure(output):
        pixels = shop.pixels("images", ours, spread(options.images, options.limit))
        pixels = pixels[:len(pixels) // options.batch * options.batch]
        wanted = found[0].logits(pixels)
        output.write_text(json.dumps({party.name: _decibels(wanted, party.logits(pixels)) for party in found[1:]}))

    return json.loads(shop.made(f"accuracy.{options.isa}.batch{options.batch}.json", measure).read_text())


def _decibels(wanted, found):
    error = float(np.square(found - wanted, dtype=np.float64).sum())
    return 10 * np.log10(float(np.square(wanted, dtype=np.float64).sum()) / error) if error else None
