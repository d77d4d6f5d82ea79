// SPDX-License-Identifier: Apache-2.0
// Preloaded into a process (LD_PRELOAD), makes the CPU look like one that ends at the instruction
// set that VITQ_ISA names: avx2, avx_vnni, avx512_vnni or amx. For programs that offer no such
// switch. Linux on a CPU with CPUID faulting; where there is none, the process ends with code 71.
// The instruction traps, and the handler answers it with the true values less the bits below.
// Source: Intel SDM volume 2, CPUID; arch_prctl(2).
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { kSetCpuid = 0x1012, kNoFaulting = 71, kStructuredFeatures = 7, kXsave = 13 };

static const uint32_t kAvx512Ebx =
    1U << 16 | 1U << 17 | 1U << 21 | 1U << 26 | 1U << 27 | 1U << 28 | 1U << 30 | 1U << 31;
static const uint32_t kAvx512Ecx = 1U << 1 | 1U << 6 | 1U << 11 | 1U << 12 | 1U << 14;
static const uint32_t kAvx512Edx = 1U << 2 | 1U << 3 | 1U << 8;
static const uint32_t kFp16Edx = 1U << 23;
static const uint32_t kAmxEdx = 1U << 22 | 1U << 24 | 1U << 25;
static const uint32_t kAvxVnniEax = 1U << 4;  // of subleaf 1, as is the next
static const uint32_t kBf16Eax = 1U << 5;
static const uint32_t kAvx512States = 7U << 5, kAmxStates = 3U << 17;

// What is left of these.
static int avx_vnni, avx512, amx;

static int allow_cpuid(long allowed) {
  return (int)syscall(SYS_arch_prctl, kSetCpuid, allowed);
}

static void cpuid(uint32_t* r) {
  __asm__ volatile("cpuid" : "+a"(r[0]), "=b"(r[1]), "+c"(r[2]), "=d"(r[3]));
}

static void mask(uint32_t leaf, uint32_t subleaf, uint32_t* r) {
  if (leaf == kStructuredFeatures && subleaf == 0) {
    if (!avx512) {
      r[1] &= ~kAvx512Ebx;
      r[2] &= ~kAvx512Ecx;
      r[3] &= ~kAvx512Edx;
    }
    if (!amx) r[3] &= ~(kFp16Edx | kAmxEdx);
  } else if (leaf == kStructuredFeatures) {
    // AMX-FP16, AVX-IFMA and later are hidden from all.
    r[0] &= (avx_vnni ? kAvxVnniEax : 0) | (amx ? kBf16Eax : 0);
    r[1] = r[2] = r[3] = 0;
  } else if (leaf == kXsave && subleaf == 0) {
    r[0] &= ~((avx512 ? 0 : kAvx512States) | (amx ? 0 : kAmxStates));
  }
}

static int is_cpuid(const uint8_t* code) {
  return code[0] == 0x0F && code[1] == 0xA2;
}

static void on_fault(int number, siginfo_t* info, void* context) {
  (void)info;
  greg_t* g = ((ucontext_t*)context)->uc_mcontext.gregs;
  if (!is_cpuid((const uint8_t*)g[REG_RIP])) {
    signal(number, SIG_DFL);
    return;
  }
  uint32_t leaf = (uint32_t)g[REG_RAX], subleaf = (uint32_t)g[REG_RCX];
  uint32_t r[4] = {leaf, 0, subleaf, 0};
  allow_cpuid(1);
  cpuid(r);
  allow_cpuid(0);
  mask(leaf, subleaf, r);
  g[REG_RAX] = r[0];
  g[REG_RBX] = r[1];
  g[REG_RCX] = r[2];
  g[REG_RDX] = r[3];
  g[REG_RIP] += 2;
}

__attribute__((constructor)) static void start(void) {
  const char* isa = getenv("VITQ_ISA");
  if (!isa) isa = "avx2";
  amx = !strcmp(isa, "amx");
  avx512 = amx || !strcmp(isa, "avx512_vnni");
  avx_vnni = amx || !strcmp(isa, "avx_vnni");
  struct sigaction action = {0};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  sigaction(SIGSEGV, &action, 0);
  if (allow_cpuid(0) != 0) _exit(kNoFaulting);
}
