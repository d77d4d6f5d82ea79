#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What deb.sh runs in a fresh Debian: it installs the packages beside this script, and uses each.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
say() { printf '\n== %s\n' "$*"; }

install() { DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" >/dev/null; }

say "vitq-tools: the default model names the sample"
install ./vitq-tools_*.deb
vit_infer chelsea.png -k 1 | tee answer.txt
grep -q ' cat$' answer.txt

say "vitq-tools: every program has a man page"
install man-db
for program in bench convert eval infer inspect quantize serve export; do man -w vit_$program; done
man vit_infer | grep -A 1 '^NAME'

say "vitq-tools: bash loads the completion by the program's name"
install bash-completion
# shellcheck source=/dev/null
(set +eu; source /usr/share/bash-completion/bash_completion; _completion_loader vit_infer
  _vitq vit_infer --thres vit_infer; echo "${COMPREPLY[@]}"
  [ "${COMPREPLY[*]}" = --threshold ] || exit 1
  _vitq vit_infer det -m; echo "${COMPREPLY[@]}"
  [ "${COMPREPLY[*]}" = detr-small ])

say "libvitq-dev: a program in C links libvitq1, and one in C++ the static libraries"
install ./libvitq1_*.deb ./libvitq-dev_*.deb g++ pkg-config
# shellcheck disable=SC2046
gcc -std=c99 -o classify_c classify.c $(pkg-config --cflags --libs vitq-c)
# shellcheck disable=SC2046
g++ -std=c++20 -o classify classify.cpp $(pkg-config --static --cflags --libs vitq)
ldd classify_c | grep libvitq.so.1
for program in ./classify_c ./classify; do
  $program /usr/share/vitq/default.safetensors chelsea.png | tee answer.txt
  head -1 answer.txt | grep -q ' cat$'
done

say "the packages go without a trace"
apt-get purge -q -y vitq-tools libvitq-dev libvitq1 >/dev/null
[ ! -e /usr/share/vitq ] && [ -z "$(find /usr -name '*vitq*')" ]
