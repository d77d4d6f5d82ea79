# SPDX-License-Identifier: Apache-2.0
# Completes the programs in bash. What they take is read from their --help when it is asked for.

# Answers the entries of a program's --help, each in a line of its own.
_vitq_entries() {
  "$1" --help 2>/dev/null | awk '
    /^  [^ ]/ { printf "\n%s", $0; next }
    { sub(/^ +/, " "); printf "%s", $0 }'
}

# As bash calls it: the program, the word to complete, and the word before.
_vitq() {
  local program=$1 word=$2 before=$3 entries entry folder names=
  entries=$(_vitq_entries "$program")
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(grep -oE '^  -[^ ]+' <<<"$entries" | tr , ' ')" -- "$word")
    return
  fi
  # The word belongs to the option before, if that takes a value, or else to the first positional.
  entry=$(before=$before awk '
    $2 == "VALUE" && index("," $1 ",", "," ENVIRON["before"] ",") { print; exit }' <<<"$entries")
  [[ -n $entry ]] || entry=$(grep -m 1 -E '^  [A-Z]+ ' <<<"$entries")
  if [[ $entry == *"installed one"* ]]; then
    folder=$(dirname "$(type -P "$program")")/../share/vitq
    names=$(find "$folder" -name '*.safetensors' -printf '%f ' 2>/dev/null)
  fi
  mapfile -t COMPREPLY < <(compgen -f -W "${names//.safetensors/}" -- "$word")
}

complete -o filenames -F _vitq vit_bench vit_convert vit_eval vit_export vit_infer vit_inspect vit_quantize vit_serve
