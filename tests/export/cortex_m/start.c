// SPDX-License-Identifier: Apache-2.0
// Starts a program on a Cortex-M without a system or a C library: an Arm MPS2 board as QEMU has it.
#include <stddef.h>
#include <stdint.h>

extern uint32_t data_from[], data_begin[], data_end[], bss_begin[], bss_end[], stack_top[];
int main(void);
void reset(void);

__attribute__((section(".vectors"), used)) static const void* const kVectors[] = {stack_top,
                                                                                  (void*)reset};

void* memcpy(void* to, const void* from, size_t count) {
  for (size_t i = 0; i < count; ++i) ((unsigned char*)to)[i] = ((const unsigned char*)from)[i];
  return to;
}
void* memset(void* to, int value, size_t count) {
  for (size_t i = 0; i < count; ++i) ((unsigned char*)to)[i] = (unsigned char)value;
  return to;
}

void reset(void) {
  for (uint32_t *to = data_begin, *from = data_from; to < data_end;) *to++ = *from++;
  for (uint32_t* to = bss_begin; to < bss_end;) *to++ = 0;
  main();
}
