#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# cortex_m.sh PROGRAMS CC: exports the default model and compiles it for this machine without an FPU. Then
# QEMU runs it as a Cortex-M3, with constants where flash would be. Its answers have to be those of the
# same C on this machine. Prints what it took. Exit code 77: a tool is missing.
set -euo pipefail
programs=$1
cc=$2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/cortex_m" && pwd)
for tool in arm-none-eabi-gcc qemu-system-arm; do
  command -v "$tool" >/dev/null || { echo "skipped: $tool is missing (gcc-arm-none-eabi, qemu-system-arm)"; exit 77; }
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
strict="-std=c99 -Wall -Wextra -Werror -ffreestanding"

"$programs/vit_export" default -o model
# An image of noise.
awk 'BEGIN { state = 7; print "enum { ANSWERS = 10 };"; print "static const uint8_t image[] = {"
  for (i = 0; i < 3072; ++i) { state = (state * 1103515245 + 12345) % 2147483648; printf "%d,", int(state / 65536) % 256 }
  print "};" }' >image.h

$cc $strict -O2 -Imodel -I. "$here/host.c" model/model.c -o on_host
./on_host >expected.txt

# The compiler refuses what would need the FPU.
if [ "$(uname -m)" = x86_64 ]; then
  $cc $strict -O2 -mno-sse -mno-mmx -mno-80387 -msoft-float -c model/model.c -o without_fpu.o
fi

arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb -msoft-float $strict -O2 -nostdlib -Imodel -I. \
  "$here/start.c" "$here/main.c" model/model.c -T "$here/board.ld" -lgcc -o model.elf
if arm-none-eabi-nm model.elf | grep -E '__aeabi_[fd]|__(add|sub|mul|div)[sd]f|__fix|__float'; then
  echo "soft floats are linked"
  exit 1
fi
timeout 600 qemu-system-arm -M mps2-an385 -nographic -semihosting-config enable=on,target=native \
  -icount shift=0 -kernel model.elf >found.txt 2>&1
head -n 10 found.txt >answers.txt
diff expected.txt answers.txt
arm-none-eabi-size -A model.elf | awk -v instructions="$(sed -n 11p found.txt)" -v stack="$(sed -n 12p found.txt)" '
  /^\.text/ { flash = $2 } /^\.data/ { data = $2 } /^\.bss/ { bss = $2 }
  END { printf "%d bytes of flash, %d of RAM (%d of them stack), %.0f instructions an image\n",
               flash + data, data + bss + stack, stack, instructions }'
