// SPDX-License-Identifier: Apache-2.0
// Runs an exported model on an image that is part of the program. Writes the answers, the
// instructions that it took and the deepest use of the stack to the host, line by line.
#include <stdint.h>

#include "image.h"
#include "model.h"

// Calls the host: an operation of Arm's semihosting.
static void host(int operation, const void* argument) {
  register int r0 __asm__("r0") = operation;
  register const void* r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
}

static void write_number(int64_t value) {
  char text[24];
  char* at = text + sizeof text;
  uint64_t size = value < 0 ? (uint64_t)-value : (uint64_t)value;
  *--at = '\0';
  *--at = '\n';
  do {
    *--at = (char)('0' + size % 10);
    size /= 10;
  } while (size > 0);
  if (value < 0) *--at = '-';
  enum { kWrite0 = 4 };
  host(kWrite0, at);
}

// A timer that counts down, at 25 MHz. Under -icount shift=0, a tick is 40 instructions.
static volatile uint32_t* const kTimer = (volatile uint32_t*)0x40000000;
enum { kControl = 0, kValue = 1, kReload = 2, kTick = 40 };

extern uint32_t bss_end[], stack_top[];
enum { kUntouched = 0x5A5A5A5A };

static void paint_stack(void) {
  uint32_t here = 0;
  for (volatile uint32_t* word = bss_end; word + 64 < &here; ++word) *word = kUntouched;
}

static int64_t stack_used(void) {
  const volatile uint32_t* word = bss_end;
  while (*word == kUntouched) ++word;
  return (stack_top - word) * (int64_t)sizeof *word;
}

int main(void) {
  static int32_t answers[ANSWERS];
  paint_stack();
  kTimer[kReload] = 0xFFFFFFFF;
  kTimer[kValue] = 0xFFFFFFFF;
  kTimer[kControl] = 1;
  const uint32_t begin = kTimer[kValue];
  vitq_model_run(image, answers);
  const uint32_t ticks = begin - kTimer[kValue];
  for (int i = 0; i < ANSWERS; ++i) write_number(answers[i]);
  write_number((int64_t)ticks * kTick);
  write_number(stack_used());
  enum { kExit = 0x18, kNoError = 0x20026 };
  host(kExit, (const void*)kNoError);
  return 0;
}
