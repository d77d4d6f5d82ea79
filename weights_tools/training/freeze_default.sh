#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: freeze_default.sh PROGRAMS CIFAR10 OUTPUT
# This makes the default model in integers from its checkpoint in half precision. It converts, and quantizes
# with the default recipe on the first 128 training images. PROGRAMS is the folder of vit_convert and
# vit_quantize, CIFAR10 the one of train.safetensors. Equal inputs give equal bytes. The float network's
# sums depend on the instruction set, so that one is named which most CPUs have.
set -euo pipefail
export VITQ_ISA=avx2
programs=$(realpath "$1") cifar10=$(realpath "$2") output=$(realpath -m "$3")
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 weights_tools/training/unpack_cifar10.py "$cifar10/train.safetensors" "$work/images" --limit 128
"$programs/vit_convert" models/pretrained/vit-cifar10 -o "$work/float.safetensors"
"$programs/vit_quantize" "$work/float.safetensors" --calib "$work/images" -o "$output" --force
