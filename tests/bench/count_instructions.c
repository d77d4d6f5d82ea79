// SPDX-License-Identifier: Apache-2.0
// A plugin of QEMU that counts the instructions of each block of code that a program runs. It
// writes lines of a block's address and its instructions, over all of its runs, to the file of its
// argument out=FILE. One thread alone is counted exactly.
//
// Debian has no header of the plugin interface, so what is used of it is declared here, as version
// 1 has it. Source: QEMU 7.2, include/qemu/qemu-plugin.h.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct qemu_plugin_tb;  // a block, translated
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
typedef void (*translated_call)(uint64_t plugin, struct qemu_plugin_tb* tb);
typedef void (*exit_call)(uint64_t plugin, void* data);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb* tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb* tb);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t plugin, translated_call call);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb* tb, enum qemu_plugin_op op,
                                              void* counter, uint64_t step);
void qemu_plugin_register_atexit_cb(uint64_t plugin, exit_call call, void* data);

int qemu_plugin_version = 1;

struct block {
  uint64_t address, instructions;
  struct block* next;
};
static struct block* blocks;

static void translated(uint64_t plugin, struct qemu_plugin_tb* tb) {
  struct block* block = calloc(1, sizeof(*block));
  (void)plugin;
  if (block == NULL) abort();
  block->address = qemu_plugin_tb_vaddr(tb);
  block->next = blocks;
  blocks = block;
  qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &block->instructions,
                                           qemu_plugin_tb_n_insns(tb));
}

static void ended(uint64_t plugin, void* path) {
  FILE* out = fopen(path, "w");
  (void)plugin;
  if (out == NULL) abort();
  for (const struct block* block = blocks; block != NULL; block = block->next) {
    fprintf(out, "%" PRIx64 " %" PRIu64 "\n", block->address, block->instructions);
  }
  if (fclose(out) != 0) abort();
}

int qemu_plugin_install(uint64_t plugin, const void* info, int argc, char** argv) {
  static const char kOut[] = "out=";
  (void)info;
  if (argc != 1 || strncmp(argv[0], kOut, strlen(kOut)) != 0) {
    fprintf(stderr, "count_instructions: expected out=FILE\n");
    return 1;
  }
  qemu_plugin_register_vcpu_tb_trans_cb(plugin, translated);
  qemu_plugin_register_atexit_cb(plugin, ended, strdup(argv[0] + strlen(kOut)));
  return 0;
}
