// SPDX-License-Identifier: Apache-2.0
// Preloaded into a process (LD_PRELOAD), makes the CPU look like one that ends at AVX2: no AVX-512,
// AMX or VNNI. For programs that offer no such switch. Linux on a CPU with CPUID faulting; where
// there is none, the process ends with code 71. The instruction traps, and the handler answers it
// with the true values less the bits below. Source: Intel SDM volume 2, CPUID; arch_prctl(2).
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { kSetCpuid = 0x1012, kNoFaulting = 71, kStructuredFeatures = 7, kXsave = 13 };

static const uint32_t kAvx512Ebx =
    1U << 16 | 1U << 17 | 1U << 21 | 1U << 26 | 1U << 27 | 1U << 28 | 1U << 30 | 1U << 31;
static const uint32_t kAvx512Ecx = 1U << 1 | 1U << 6 | 1U << 11 | 1U << 12 | 1U << 14;
static const uint32_t kAvx512AmxEdx =
    1U << 2 | 1U << 3 | 1U << 8 | 1U << 22 | 1U << 23 | 1U << 24 | 1U << 25;
static const uint32_t kXsaveStates = 7U << 5 | 3U << 17;  // AVX-512's and AMX's

static int allow_cpuid(long allowed) {
  return (int)syscall(SYS_arch_prctl, kSetCpuid, allowed);
}

static void cpuid(uint32_t* r) {
  __asm__ volatile("cpuid" : "+a"(r[0]), "=b"(r[1]), "+c"(r[2]), "=d"(r[3]));
}

static void mask(uint32_t leaf, uint32_t subleaf, uint32_t* r) {
  if (leaf == kStructuredFeatures && subleaf == 0) {
    r[1] &= ~kAvx512Ebx;
    r[2] &= ~kAvx512Ecx;
    r[3] &= ~kAvx512AmxEdx;
  } else if (leaf == kStructuredFeatures) {
    r[0] = r[1] = r[2] = r[3] = 0;  // AVX-VNNI, AVX-512 BF16, AMX-FP16, AVX-IFMA and later
  } else if (leaf == kXsave && subleaf == 0) {
    r[0] &= ~kXsaveStates;
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
  struct sigaction action = {0};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  sigaction(SIGSEGV, &action, 0);
  if (allow_cpuid(0) != 0) _exit(kNoFaulting);
}
