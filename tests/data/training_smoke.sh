#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: training_smoke.sh SOURCE BUILD
# This runs the smallest configuration of both training commands in a virtual environment of its own. Then
# it converts and runs the classifier that was exported. It skips (77) without VITQ_DATA.
set -euo pipefail
source=$1 build=$2
[ -n "${VITQ_DATA:-}" ] || { echo "skipped: VITQ_DATA is not set"; exit 77; }

requirements=$source/weights_tools/training/requirements.txt
python=$build/venv-training/bin/python
if ! cmp -s "$requirements" "$build/venv-training/installed.txt"; then
  python3 -m venv --clear "$build/venv-training"
  "$python" -m pip install --quiet --requirement "$requirements"
  cp "$requirements" "$build/venv-training/installed.txt"
fi

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
"$python" "$source/weights_tools/training/train_vit.py" --config smoke \
  --data "$VITQ_DATA/cifar10" --out "$out"
"$build/bin/vit_convert" "$out" -o "$out/model.vitq.safetensors"
"$build/bin/vit_infer" -m "$out/model.vitq.safetensors" "$source/docs/images/samples"
"$python" "$source/weights_tools/training/train_detr.py" --config smoke \
  --data "$VITQ_DATA/cifar10" --out "$out/detr"
"$python" "$source/weights_tools/training/compose_scenes.py" "$VITQ_DATA/cifar10/test.safetensors" \
  --count 3 --out "$out/scenes"
