#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: default_model.sh SOURCE BUILD
# The default model's accuracy on the 10,000 test images of CIFAR-10, as its card states it. JPEG
# decoders differ by a few grey levels, which may turn a picture or two. Skips (77) without VITQ_DATA.
set -euo pipefail
source=$1 build=$2
[ -n "${VITQ_DATA:-}" ] || { echo "skipped: VITQ_DATA is not set"; exit 77; }

pictures=$(mktemp -d)
trap 'rm -rf "$pictures"' EXIT
python3 "$source/weights_tools/training/unpack_cifar10.py" "$VITQ_DATA/cifar10/test.safetensors" \
  "$pictures"
"$build/bin/vit_eval" "$build/share/vitq/default.safetensors" --images "$pictures" --format json |
  tee /dev/stderr |
  python3 -c '
import json, re, sys
found = json.load(sys.stdin)
card = float(re.search(r"\*\*([0-9.]+) %\*\* top-1", open(sys.argv[1]).read()).group(1))
assert found["images"] == 10000, found["images"]
assert abs(found["top1"] - card) <= 0.1, (found["top1"], card)
' "$source/models/pretrained/vit-cifar10/README.md"
