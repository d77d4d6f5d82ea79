#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: default_model.sh SOURCE BUILD
# The default model comes out of its checkpoint byte for byte. Both have the accuracy on the 10,000 test
# images of CIFAR-10 that the card states. JPEG decoders differ by a few grey levels, which may turn an
# image or two. The test skips (77) without VITQ_DATA.
set -euo pipefail
source=$1 build=$2
[ -n "${VITQ_DATA:-}" ] || { echo "skipped: VITQ_DATA is not set"; exit 77; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$source/weights_tools/training/freeze_default.sh" "$build/bin" "$VITQ_DATA/cifar10" \
  "$work/int8.safetensors"
cmp "$work/int8.safetensors" "$source/models/pretrained/vit-cifar10/int8.safetensors"
cmp "$work/int8.safetensors" "$build/share/vitq/default.safetensors"

python3 "$source/weights_tools/training/unpack_cifar10.py" "$VITQ_DATA/cifar10/test.safetensors" \
  "$work/test"
"$build/bin/vit_convert" "$source/models/pretrained/vit-cifar10" -o "$work/float.safetensors"
"$build/bin/vit_eval" "$work/int8.safetensors" --against "$work/float.safetensors" \
  --images "$work/test" --format json |
  tee /dev/stderr |
  python3 -c '
import json, re, sys
found = json.load(sys.stdin)
card = open(sys.argv[1]).read()
stated = [float(number) for number in re.findall(r"\*\*([0-9.]+) %\*\* top-1", card)]
assert found["images"] == 10000, found["images"]
measured = [found["against"]["top1"], found["top1"]]
assert all(abs(a - b) <= 0.1 for a, b in zip(stated, measured, strict=True)), (stated, measured)
' "$source/models/pretrained/vit-cifar10/README.md"
