#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: run.sh SOURCE BUILD
# Tests vitq.ray on a cluster of this machine, in a virtual environment of its own.
set -euo pipefail
source=$1 build=$2

requirements=$source/tests/bindings/ray/requirements.txt
python=$build/venv-ray/bin/python
if ! cmp -s "$requirements" "$build/venv-ray/installed.txt"; then
  python3 -m venv --clear "$build/venv-ray"
  "$python" -m pip install --quiet --requirement "$requirements"
  cp "$requirements" "$build/venv-ray/installed.txt"
fi

export VITQ_LIBRARY=$build/lib/libvitq.so.1 VITQ_PROGRAMS=$build/bin
export PYTHONPATH=$source/bindings/python PYTHONDONTWRITEBYTECODE=1
export RAY_USAGE_STATS_ENABLED=0 RAY_AUTH_MODE=disabled
cd "$source/tests/bindings/ray"
exec "$python" -m unittest -v test_ray
