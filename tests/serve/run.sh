#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: run.sh SOURCE BUILD [short]
# All tests of vit_serve that other programs have a part in. Clients that others wrote are in a virtual
# environment of their own, and Chromium is on the page. Then come load and faults, with `short` less of them.
set -euo pipefail
source=$1 build=$2 short=${3:-}
programs=$build/bin

requirements=$source/tests/serve/requirements.txt
python=$build/venv-serve/bin/python
if ! cmp -s "$requirements" "$build/venv-serve/installed.txt"; then
  python3 -m venv --clear "$build/venv-serve"
  "$python" -m pip install --quiet --requirement "$requirements"
  cp "$requirements" "$build/venv-serve/installed.txt"
fi

export PYTHONDONTWRITEBYTECODE=1 VITQ_PROGRAMS=$programs
load=() faults=180
if [ -n "$short" ]; then load=(--rounds 1 --seconds 1 --memory 5000) faults=10; fi
say() { printf '\n== %s\n' "$*" >&2; }

say "clients that others wrote, and the documents"
"$python" "$source/tests/serve/clients_test.py"
"$python" "$source/tests/serve/documents_test.py"
say "the page in Chromium; screenshots are in $build/screenshots"
models=$build/serve
mkdir -p "$models"
"$programs/vit_convert" "$source/models/pretrained/vit-cifar10" -o "$models/float.safetensors" --force
"$programs/vit_convert" "$source/tests/golden/models/hf_dinov2" -o "$models/features.safetensors" --force
"$python" "$source/tests/page/page_test.py" --screenshots "$build/screenshots" \
  --serve "$programs/vit_serve" default "$models/float.safetensors" detr-small "$models/features.safetensors"
if [ -z "$short" ]; then "$python" "$source/tests/page/failures_test.py"; fi
say "load"
"$python" "$source/tests/serve/measure.py" "$programs" "$build/share/vitq/default.safetensors" "${load[@]}"
say "faults, for $faults s"
"$python" "$source/tests/serve/faults.py" "$programs" --seconds $faults
