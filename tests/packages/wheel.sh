#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs a wheel into a new virtual environment that has NumPy alone, and runs there what the README shows
# of Python, and wheel.py. Of the system it may need the C and C++ runtimes. Usage: wheel.sh WHEEL
set -euo pipefail
root=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
wheel=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
die() { echo "$*" >&2; exit 1; }

bytes=$(stat -c %s "$wheel")
echo "${wheel##*/} has $bytes bytes"
[ "$bytes" -lt 15000000 ] || die "a wheel of $bytes bytes, expected less than 15 MB"

python3 -m venv "$work/venv"
python=$work/venv/bin/python
"$python" -m pip install -q numpy "$wheel"
cd "$root"
sed -n '/^```python$/,/^```$/{/^```/!p}' README.md >"$work/readme.py"
answer=$("$python" "$work/readme.py")
shown=$(sed -n '/^docs.images.samples.chelsea/,+3s/^  //p' README.md)
echo "$answer"
[ "$answer" = "$shown" ] || die "the README's example answers this, expected $shown"
"$python" tests/packages/wheel.py "$root"

package=$("$python" -c 'import vitq; print(vitq.__path__[0])')
needs=$(ldd "$package"/libvitq.so.1 "$package"/bin/* | awk '$2 == "=>" { print $3 }' | sort -u | grep -v "^$work/" |
  grep -vE '/lib(c|m|gcc_s|stdc\+\+)\.so\.[0-9]+$' || true)
[ -z "$needs" ] || die "the wheel needs of the system:" "$needs"
