// SPDX-License-Identifier: Apache-2.0
// Attention on integers only, around the fastest exact products.
#include "kernels/attention.h"

#include <algorithm>

#include "core/cpu.h"
#include "core/parallel.h"
#include "kernels/code_gemm/code_gemm.h"
#include "kernels/integer_only/describe.h"
#include "kernels/integer_only/kernels.h"
#include "kernels/select.h"
#include "kernels/workspace.h"

namespace vitq {
namespace {

// The memory in which a thread works on one head, and a block of its queries at a time.
struct IntegerHeadMemory {
  static constexpr std::int64_t kBlock = 64;  // queries

  IntegerHeadMemory(const CodeGemm& gemm, const VitqAttention& s)
      : block(std::min<std::int64_t>(kBlock, s.queries)),
        sums64(layout.add<std::int64_t>(s.values)),
        key_columns(layout.add<std::int32_t>(std::int64_t{4} * s.keys)),
        value_columns(layout.add<std::int32_t>(std::int64_t{4} * s.values)),
        coders(layout.add<VitqCoder>(s.values)),
        row(layout.add<std::int32_t>(std::max({s.keys, s.channels, s.values}))),
        u8_row(layout.add<std::uint8_t>(std::max(s.keys, s.channels))),
        s8_row(layout.add<std::int8_t>(std::max(s.channels, s.values))),
        q_codes(layout.add<std::byte>(gemm.a_bytes(block, s.channels))),
        k_codes(layout.add<std::byte>(gemm.b_bytes(s.keys, s.channels))),
        p_codes(layout.add<std::byte>(gemm.a_bytes(block, s.keys))),
        v_codes(layout.add<std::byte>(gemm.b_bytes(s.values, s.keys))),
        rows(layout.add<VitqRow>(block)),
        scores(layout.add<std::int32_t>(block * s.keys)),
        out(layout.add<std::int32_t>(block * s.values)) {}

  VitqHead head(std::byte* slot, std::int64_t index, std::int32_t heads) const {
    const auto all = static_cast<std::int32_t>(index);
    return {
        all / heads,     all % heads, sums64.in(slot), key_columns.in(slot), value_columns.in(slot),
        coders.in(slot), row.in(slot)};
  }

  WorkspaceLayout layout;
  std::int64_t block;
  Part<std::int64_t> sums64;
  Part<std::int32_t> key_columns, value_columns;
  Part<VitqCoder> coders;
  Part<std::int32_t> row;
  Part<std::uint8_t> u8_row;
  Part<std::int8_t> s8_row;
  Part<std::byte> q_codes, k_codes, p_codes, v_codes;
  Part<VitqRow> rows;         // of the queries' codes, then of the softmax's
  Part<std::int32_t> scores;  // [block, keys]
  Part<std::int32_t> out;     // [block, values]
};

class IntegerOnlyAttentionKernel : public Kernel {
 public:
  IntegerOnlyAttentionKernel(const VitqAttention& step, int threads, std::int32_t largest)
      : step_(step),
        threads_(threads),
        kernels_(integer_only_kernels(cpu())),
        gemm_(code_gemm(cpu(), largest)),
        memory_(gemm_, step) {}

  std::int64_t workspace_bytes() const override { return memory_.layout.bytes(threads_); }
  void run(const Run& run) const noexcept override {
    // Threads take equal numbers of queries. A head that two of them share is coded by both.
    const std::int64_t queries = step_.queries;
    const std::int64_t all = std::int64_t{step_.images} * step_.heads * queries;
    parallel_chunks(run.team, all, [&](std::int64_t thread, std::int64_t begin, std::int64_t end) {
      std::byte* slot = memory_.layout.slot(run.workspace, thread);
      for (std::int64_t index = begin / queries; index * queries < end; ++index) {
        const std::int64_t first = index * queries;
        const VitqHead head = memory_.head(slot, index, step_.heads);
        code_head(run.buffers.data(), head, slot);
        const std::int64_t last = std::min(end, first + queries) - first;
        for (std::int64_t at = std::max(begin, first) - first; at < last; at += memory_.block) {
          attend(run.buffers.data(), head, slot, {at, std::min(memory_.block, last - at)});
        }
      }
    });
  }
  std::string name() const override { return gemm_.name; }

 private:
  struct Block {
    std::int64_t begin, count;  // of queries
  };

  void code_head(VitqByte* const* buffers, const VitqHead& head, std::byte* slot) const {
    std::int8_t* codes = memory_.s8_row.in(slot);
    kernels_.find_values(&step_, buffers, &head);
    for (std::int32_t j = 0; j < step_.keys; ++j) {
      kernels_.code_key(&step_, buffers, &head, j, codes);
      gemm_.pack_b_column({codes, step_.channels, j}, memory_.k_codes.in(slot));
      kernels_.code_value(&step_, buffers, &head, j, codes);
      gemm_.pack_b_row({codes, step_.values, j}, step_.keys, memory_.v_codes.in(slot));
    }
  }

  void attend(VitqByte* const* buffers, const VitqHead& head, std::byte* slot, Block block) const {
    std::uint8_t* codes = memory_.u8_row.in(slot);
    VitqRow* rows = memory_.rows.in(slot);
    const auto first = static_cast<std::int32_t>(block.begin);
    const auto count = static_cast<std::int32_t>(block.count);
    for (std::int32_t i = 0; i < count; ++i) {
      rows[i] = kernels_.code_query(&step_, buffers, &head, first + i, codes);
      gemm_.pack_a_row({codes, step_.channels, i}, memory_.q_codes.in(slot));
    }
    std::int32_t* scores = memory_.scores.in(slot);
    gemm_.multiply({.m = count, .n = step_.keys, .k = step_.channels}, memory_.q_codes.in(slot),
                   memory_.k_codes.in(slot), scores);
    for (std::int32_t i = 0; i < count; ++i, scores += step_.keys) {
      const VitqSums sums = {scores, rows[i], first + i};
      rows[i] = kernels_.code_scores(&step_, buffers, &head, &sums, codes);
      gemm_.pack_a_row({codes, step_.keys, i}, memory_.p_codes.in(slot));
    }
    std::int32_t* out = memory_.out.in(slot);
    gemm_.multiply({.m = count, .n = step_.values, .k = step_.keys}, memory_.p_codes.in(slot),
                   memory_.v_codes.in(slot), out);
    for (std::int32_t i = 0; i < count; ++i, out += step_.values) {
      const VitqSums sums = {out, rows[i], first + i};
      kernels_.put_attended(&step_, buffers, &head, &sums);
    }
  }

  VitqAttention step_;
  int threads_;
  const VitqKernels& kernels_;
  const CodeGemm& gemm_;
  IntegerHeadMemory memory_;
};

}  // namespace

std::unique_ptr<Kernel> make_integer_only_attention(const Step& step,
                                                    const KernelContext& context) {
  const auto* attention = std::get_if<step::Attention>(&step.op);
  if (attention == nullptr) return {};
  const std::optional<VitqStep> described = describe(step);
  if (!described) return {};
  return std::make_unique<IntegerOnlyAttentionKernel>(described->of.attention, context.threads,
                                                      largest_product(*attention));
}

}  // namespace vitq
