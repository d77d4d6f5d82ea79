#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Completion of the programs in bash, as a shell asks for it. Usage: completion.sh FILE FOLDER, with the file
# that declares it, and the folder of the programs.
set -euo pipefail
# shellcheck source=/dev/null
source "$1"
programs=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
touch "a photo.png" deit.safetensors
failed=0

# expect ANSWERS WORD...: what completes the last word, one a line, sorted.
expect() {
  local expected=$1 found
  shift
  COMPREPLY=()
  _vitq "$programs/$1" "${@: -1}" "${@: -2:1}" 2>"$work/errors"
  if [ -s errors ]; then
    printf 'completing "%s" said: %s\n' "$*" "$(<errors)" >&2
    failed=1
  fi
  rm errors
  found=$(printf '%s\n' "${COMPREPLY[@]}" | sort)
  [ "$found" = "$expected" ] && return
  printf 'completing "%s" found:\n%s\nexpected:\n%s\n' "$*" "$found" "$expected" >&2
  failed=1
}

expect --threads vit_bench --th
expect $'--threads\n--threshold' vit_infer a.png --thr
expect $'--graph' vit_inspect a.safetensors --g
expect detr-small vit_infer -m det
expect detr-small vit_infer a.png --model detr
expect $'default\ndeit.safetensors\ndetr-small' vit_eval de
expect deit.safetensors vit_convert de
expect deit.safetensors vit_infer --keep-going de
expect $'a photo.png' vit_infer a
# No word is taken for a pattern.
for before in 'photo(1.png' '[' '*' 'a\b' '--mode.' '-[a-z]'; do
  expect $'a photo.png' vit_infer "$before" a
done
expect '' vit_infer --nothing-like-this

# Every program is completed, and every option that its help shows is offered.
for program in "$programs"/vit_*; do
  name=${program##*/}
  complete -p "$name" >/dev/null || failed=1
  COMPREPLY=()
  _vitq "$program" - "$name"
  [ "${#COMPREPLY[@]}" -gt 8 ] || { echo "$name: only ${COMPREPLY[*]}" >&2; failed=1; }
  for option in $("$program" --help | grep -oE '^  -[^ ]+' | tr , ' '); do
    [[ " ${COMPREPLY[*]} " == *" $option "* ]] || { echo "$name: $option is not offered" >&2; failed=1; }
  done
done
exit $failed
