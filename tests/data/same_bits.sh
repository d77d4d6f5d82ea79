#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: same_bits.sh SOURCE PROGRAMS OTHER_PROGRAMS
# DeiT-Tiny is quantized by the PROGRAMS of this machine, with weights of 8, 7, 6 and 4 bits. On three CPUs in
# QEMU the OTHER_PROGRAMS, for ARM64, give the same logits, byte for byte. It skips (77) without VITQ_DATA.
set -euo pipefail
source=$1 programs=$2 other=$3
[ -n "${VITQ_DATA:-}" ] || { echo "skipped: VITQ_DATA is not set"; exit 77; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
samples=$source/docs/images/samples
"$programs/vit_convert" "$VITQ_DATA/weights/deit_tiny_patch16_224.safetensors" --preset fb-deit \
  -o "$work/float.safetensors"
for bits in 8 7 6 4; do
  model=$work/w$bits.safetensors
  "$programs/vit_quantize" "$work/float.safetensors" --weight-bits $bits --calib "$samples" -o "$model"
  "$programs/vit_infer" -m "$model" "$samples" --dump "$work/here-w$bits" >/dev/null
  for cpu in cortex-a53 cortex-a76 max; do
    dump=$work/$cpu-w$bits
    QEMU_CPU=$cpu qemu-aarch64 "$other/vit_infer" -m "$model" "$samples" --dump "$dump" >/dev/null
    cmp "$work/here-w$bits/logits.npy" "$dump/logits.npy"
    echo "W${bits}A8 on $cpu: the same $(wc -c <"$dump/logits.npy") bytes of logits"
  done
done
