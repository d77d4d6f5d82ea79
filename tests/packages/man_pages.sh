#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Each program's man page says what it is for, and has its options, examples and exit codes.
# Usage: man_pages.sh FOLDER_OF_PAGES FOLDER_OF_PROGRAMS
set -euo pipefail
failed=0
for program in "$2"/vit_*; do
  name=${program##*/}
  page=$(zcat "$1/$name.1.gz" | sed 's/\\fB//g; s/\\fR//g; s/\\-/-/g')
  help=$("$program" --help)
  # has LINE: the page has it.
  has() { grep -qxF -e "$1" <<<"$page" || { echo "$name.1: there is no line $1" >&2; failed=1; }; }
  grep -qE "^$name - [a-z]" <<<"$page" || { echo "$name.1: it does not say what $name is" >&2; failed=1; }
  for section in ARGUMENTS OPTIONS EXAMPLES '"EXIT STATUS"'; do has ".SH $section"; done
  while read -r option; do has "${option/,--/, --}"; done < <(grep -oE '^  -[^ ]+( VALUE)?( \(required\))?' <<<"$help")
  while read -r example; do has "\\f(CW\$ $example"; done < <(grep -E '^  vit_.*[^\\]$' <<<"$help")
  has "malformed or unsupported file, bad weights"
done
exit $failed
