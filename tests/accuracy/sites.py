# SPDX-License-Identifier: Apache-2.0
"""What few bits of activations cost at each kind of site. A network of 8 bits is taken as it is, but that one kind
of site is coded with fewer."""

import json
import struct

TEXT = """
One kind of site has activations of 4 bits, and everything else 8: weights, and all other sites. The values are
the SNR of the logits in dB. *Other tokens* leaves the output tokens at 8 bits, *output tokens* has 4 bits in these
alone. The values of an attention are coded channel by channel over all tokens, so they have no such parts.

| 4 bits at | all tokens | other tokens | output tokens |
|---|---|---|---|
"""
BITS = 4
FULL = 8
# (title, end of the node's name, operand)
KINDS = (
    ("qkv", (".attn.qkv", 0)),
    ("queries", (".attn.qk", 0)),
    ("keys", (".attn.qk", 1)),
    ("probabilities", (".attn.av", 0)),
    ("values", (".attn.av", 1)),
    ("proj", (".attn.proj", 0)),
    ("fc1", (".mlp.fc1", 0)),
    ("fc2", (".mlp.fc2", 0)),
)
PARTS = {"all tokens": (BITS, None), "other tokens": (BITS, FULL), "output tokens": (FULL, BITS)}


def rewritten(source, target, kinds, bits):
    """Writes a model file whose sites of these kinds have other bits; `bits`: of all rows, and of output tokens."""
    data = source.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    info = json.loads(header["__metadata__"]["vitq"])
    for site in info["quantization"]["scheme"]:
        if not any(site["node"].endswith(end) and site["operand"] == operand for _, (end, operand) in kinds):
            continue
        site["bits"] = bits[0]
        if bits[1] is not None:
            site["output_token_bits"] = bits[1]
    header["__metadata__"]["vitq"] = json.dumps(info)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    target.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length:])


def rows(measurements, network):
    """[(title, [SNR of each part])]"""
    model = measurements.work / f"{network.name}_w8a8.safetensors"
    if not model.exists():
        measurements.programs.run("vit_quantize", network.model, "-o", model, "--calib", network.calibration,
                                  "--weight-bits", FULL, "--act-bits", FULL, "--force")
    result = []
    for title, kinds in [*((kind[0], (kind,)) for kind in KINDS), ("all of these", KINDS)]:
        found = []
        for part, bits in PARTS.items():
            if kinds[0][0] == "values" and bits[1] is not None:
                continue
            key = f"{network.name}|{title}|{part}"
            if key not in measurements.known:
                changed = measurements.work / "sites.safetensors"
                rewritten(model, changed, [kind for kind in kinds if bits[1] is None or kind[0] != "values"], bits)
                measurements.keep(key, measurements.evaluated(network, changed)[0]["snr"])
            found.append(measurements.known[key])
        result.append((title, found))
    return result


def section(network, measured):
    lines = [f"\n### {network.title}: activations of 4 bits, site by site\n" + TEXT]
    for title, found in measured:
        cells = [f"{snr:.1f}" for snr in found] + [""] * (len(PARTS) - len(found))
        lines.append("| " + " | ".join([title, *cells]) + " |\n")
    return "".join(lines)
