// SPDX-License-Identifier: Apache-2.0
#include "kernels/attention.h"

#include <algorithm>

#include "core/cpu.h"
#include "core/parallel.h"
#include "kernels/code_gemm/code_gemm.h"
#include "kernels/select.h"
#include "kernels/workspace.h"

namespace vitq {
namespace {

// The memory in which a thread works on one head. Queries are taken in blocks, so that the scores
// of a block stay in the cache from the first product to the second.
struct HeadMemory {
  static constexpr std::int64_t kBlock = 64;  // queries

  HeadMemory(const CodeGemm& gemm, std::int64_t queries, std::int64_t keys, std::int64_t channels,
             std::int64_t values)
      : block(std::min(kBlock, queries)),
        q_codes(layout.add<std::byte>(gemm.a_bytes(block, channels))),
        q_rows(layout.add<float>(2 * block)),
        k_codes(layout.add<std::byte>(gemm.b_bytes(keys, channels))),
        k_rows(layout.add<float>(3 * keys)),
        v_codes(layout.add<std::byte>(gemm.b_bytes(values, keys))),
        v_columns(layout.add<float>(3 * values)),
        row(layout.add<float>(std::max({keys, channels, values}))),
        u8_row(layout.add<std::uint8_t>(std::max(keys, channels))),
        s8_row(layout.add<std::int8_t>(std::max(channels, values))),
        sums(layout.add<std::int32_t>(block * keys)),
        p_codes(layout.add<std::byte>(gemm.a_bytes(block, keys))),
        p_rows(layout.add<float>(block)),
        out(layout.add<std::int32_t>(block * values)) {}

  WorkspaceLayout layout;
  std::int64_t block;
  Part<std::byte> q_codes;
  Part<float> q_rows;  // scale and lo of each query
  Part<std::byte> k_codes;
  Part<float> k_rows;  // what the epilogue needs of each key: weight_scale, lo_term, bias
  Part<std::byte> v_codes;
  Part<float> v_columns;      // of each channel of values: scale, inverse scale, mean
  Part<float> row;            // a row of floats
  Part<std::uint8_t> u8_row;  // a row of codes
  Part<std::int8_t> s8_row;
  Part<std::int32_t> sums;  // [block, keys]
  Part<std::byte> p_codes;  // softmax codes
  Part<float> p_rows;       // the scale of each row of them
  Part<std::int32_t> out;   // [block, values]
};

// One head of one image.
struct Head {
  Buffers buffers;
  std::byte* slot;
  std::int64_t image, head;
};

// A query by its index among all and in its block.
struct Query {
  std::int64_t token, in_block;
};

class AttentionKernel : public Kernel {
 public:
  AttentionKernel(const Step& step, const KernelContext& context, const CodeGemm& gemm)
      : gemm_(gemm),
        step_(step),
        op_(std::get<step::Attention>(step.op)),
        threads_(context.threads),
        rows_(context.rows),
        heads_(step.out.dims[1]),
        queries_(step.out.dims[2]),
        keys_(op_.k.dims[2]),
        channels_(op_.k.dims[3]),
        values_(step.out.dims[3]),
        memory_(gemm, queries_, keys_, channels_, values_) {}

  std::int64_t workspace_bytes() const override { return memory_.layout.bytes(threads_); }
  void run(const Run& run) const noexcept override {
    // Threads take equal numbers of queries. A head that two of them share is coded by both.
    const std::int64_t all = step_.out.dims[0] * heads_ * queries_;
    parallel_chunks(run.team, all, [&](std::int64_t thread, std::int64_t begin, std::int64_t end) {
      std::byte* slot = memory_.layout.slot(run.workspace, thread);
      for (std::int64_t index = begin / queries_; index * queries_ < end; ++index) {
        const std::int64_t first = index * queries_;
        run_head({run.buffers, slot, index / heads_, index % heads_},
                 std::max(begin, first) - first, std::min(end, first + queries_) - first);
      }
    });
  }
  std::string name() const override { return gemm_.name; }

 private:
  float* row_of(const Head& head, const View& view, std::int64_t token) const {
    return data_of<float>(head.buffers, view) + head.image * view.strides[0] +
           head.head * view.strides[1] + token * view.strides[2];
  }
  // The part of a constant that belongs to this head.
  const float* constant(const Head& head, const View& view) const {
    return data_of<const float>(head.buffers, view) + head.head * channels_;
  }

  // What is added to the scores of the keys, if some are padding.
  const float* hidden(const Head& head) const {
    if (!op_.hidden) return nullptr;
    return data_of<const float>(head.buffers, *op_.hidden) + head.image * op_.hidden->strides[0];
  }

  void run_head(const Head& head, std::int64_t first, std::int64_t end) const {
    code_keys(head);
    code_values(head);
    for (std::int64_t begin = first; begin < end; begin += memory_.block) {
      const std::int64_t count = std::min(memory_.block, end - begin);
      code_queries(head, begin, count);
      auto* sums = memory_.sums.in(head.slot);
      gemm_.multiply({.m = count, .n = keys_, .k = channels_}, memory_.q_codes.in(head.slot),
                     memory_.k_codes.in(head.slot), sums);
      for (std::int64_t i = 0; i < count; ++i) {
        code_scores(head, {begin + i, i}, sums + i * keys_);
      }
      auto* out = memory_.out.in(head.slot);
      gemm_.multiply({.m = count, .n = values_, .k = keys_}, memory_.p_codes.in(head.slot),
                     memory_.v_codes.in(head.slot), out);
      for (std::int64_t i = 0; i < count; ++i) store(head, begin + i, i, out + i * values_);
    }
  }

  // Codes of all keys, and per key what turns a row of sums into scores:
  // weight_scale, lo_term and bias of the epilogue.
  void code_keys(const Head& head) const {
    const float* factor = constant(head, op_.k_factor);
    const float* score = constant(head, op_.q_score);
    auto* row = memory_.row.in(head.slot);
    auto* u = memory_.k_rows.in(head.slot);
    for (std::int64_t j = 0; j < keys_; ++j) {
      const auto top =
          static_cast<float>(max_weight_code(op_.k_params.bits_of(op_.k_output.has(j))));
      auto* codes = memory_.s8_row.in(head.slot);
      float lo = 0.0F;
      float hi = 0.0F;
      rows_.center_scale_min_max({row_of(head, op_.k, j), constant(head, op_.k_offset), factor},
                                 channels_, row, &lo, &hi);
      const float scale = op_.k_params.range == Range::kStatic
                              ? op_.k_params.scale[0]
                              : std::max(std::max(-lo, hi) / top, 1e-9F);
      rows_.quantize_s8(row, channels_, 1.0F / scale, top, codes);
      gemm_.pack_b_column({codes, channels_, j}, memory_.k_codes.in(head.slot));
      u[j] = scale * op_.scale;
      u[keys_ + j] = u[j] * static_cast<float>(rows_.sum_codes(codes, channels_));
      u[2 * keys_ + j] = u[j] * rows_.dot_codes(score, codes, channels_);
    }
  }

  void code_queries(const Head& head, std::int64_t begin, std::int64_t count) const {
    auto* row = memory_.row.in(head.slot);
    auto* ranges = memory_.q_rows.in(head.slot);
    for (std::int64_t i = 0; i < count; ++i) {
      const int bits = op_.q_params.bits_of(op_.q_output.has(begin + i));
      auto* codes = memory_.u8_row.in(head.slot);
      float lo = 0.0F;
      float hi = 0.0F;
      rows_.center_scale_min_max({row_of(head, op_.q, begin + i), constant(head, op_.q_offset),
                                  constant(head, op_.q_factor)},
                                 channels_, row, &lo, &hi);
      float scale = row_scale(lo, hi, bits);
      if (op_.q_params.range == Range::kStatic) {
        lo = op_.q_params.lo[0];
        scale = op_.q_params.scale[0];
      }
      rows_.quantize_u8(row, channels_, lo, 1.0F / scale, static_cast<float>(max_code(bits)),
                        codes);
      gemm_.pack_a_row({codes, channels_, i}, memory_.q_codes.in(head.slot));
      ranges[2 * i] = scale;
      ranges[2 * i + 1] = lo;
    }
  }

  // From a row of sums to softmax codes, and the scale of what they are multiplied to.
  void code_scores(const Head& head, Query query, const std::int32_t* sums) const {
    const std::int64_t i = query.in_block;
    const auto* u = memory_.k_rows.in(head.slot);
    const auto* range = memory_.q_rows.in(head.slot) + 2 * i;
    auto* row = memory_.row.in(head.slot);
    auto* codes = memory_.u8_row.in(head.slot);
    auto* scale = memory_.p_rows.in(head.slot) + i;
    const auto top =
        static_cast<float>(max_code(op_.p_params.bits_of(op_.q_output.has(query.token))));
    rows_.linear_epilogue(sums, keys_, range[0], range[1], u, u + keys_, u + 2 * keys_, row);
    if (const float* added = hidden(head)) rows_.add(row, added, keys_, row);
    if (op_.p_params.range == Range::kStatic) {
      rows_.softmax(row, 1.0F, keys_, row);
      rows_.quantize_u8(row, keys_, 0.0F, 1.0F / op_.p_params.scale[0], top, codes);
      *scale = op_.p_params.scale[0];
    } else {
      float sum = 0.0F;
      rows_.softmax_codes(row, keys_, top, codes, &sum);
      *scale = 1.0F / (top * sum);
    }
    gemm_.pack_a_row({codes, keys_, i}, memory_.p_codes.in(head.slot));
  }

  // Codes of all values, and per channel scale and mean.
  void code_values(const Head& head) const {
    auto* scale = memory_.v_columns.in(head.slot);
    float* inverse = scale + values_;
    float* mean = inverse + values_;
    const auto top = static_cast<float>(max_weight_code(op_.v_params.bits));
    std::fill(scale, mean + values_, 0.0F);
    if (op_.v_params.range == Range::kStatic) {
      std::fill(scale, scale + values_, op_.v_params.scale[0]);
    } else {
      find_columns(head, scale, mean, top);
    }
    for (std::int64_t c = 0; c < values_; ++c) inverse[c] = 1.0F / scale[c];
    auto* row = memory_.row.in(head.slot);
    for (std::int64_t j = 0; j < keys_; ++j) {
      auto* codes = memory_.s8_row.in(head.slot);
      rows_.center_scale(row_of(head, op_.v, j), mean, inverse, values_, row);
      rows_.quantize_s8(row, values_, 1.0F, top, codes);
      gemm_.pack_b_row({codes, values_, j}, keys_, memory_.v_codes.in(head.slot));
    }
  }

  // The mean of each channel over the keys, and the scale of what is left.
  void find_columns(const Head& head, float* scale, float* mean, float top) const {
    const float* added = hidden(head);
    std::int64_t count = 0;
    const auto for_each_value = [&](auto&& take) {
      for (std::int64_t j = 0; j < keys_; ++j) {
        if (added == nullptr || added[j] == 0.0F) take(row_of(head, op_.v, j));
      }
    };
    for_each_value([&](const float* value) {
      rows_.add(mean, value, values_, mean);
      ++count;
    });
    for (std::int64_t c = 0; c < values_; ++c) mean[c] /= static_cast<float>(count);
    for_each_value([&](const float* value) { rows_.widen_range(value, mean, values_, scale); });
    for (std::int64_t c = 0; c < values_; ++c) scale[c] = std::max(scale[c] / top, 1e-9F);
  }

  void store(const Head& head, std::int64_t token, std::int64_t i, const std::int32_t* sums) const {
    const auto* columns = memory_.v_columns.in(head.slot);
    const float scale = memory_.p_rows.in(head.slot)[i];
    rows_.linear_epilogue(sums, values_, scale, 0.0F, columns, columns, columns + 2 * values_,
                          row_of(head, step_.out, token));
  }

  const CodeGemm& gemm_;
  Step step_;
  step::Attention op_;
  int threads_;
  const RowKernels& rows_;
  std::int64_t heads_, queries_, keys_;
  std::int64_t channels_, values_;  // of a head's queries and keys, and of its values
  HeadMemory memory_;
};

}  // namespace

std::unique_ptr<Kernel> make_attention(const Step& step, const KernelContext& context) {
  if (!std::holds_alternative<step::Attention>(step.op)) return {};
  return std::make_unique<AttentionKernel>(step, context, code_gemm(cpu()));
}

std::unique_ptr<Kernel> make_reference_attention(const Step& step, const KernelContext& context) {
  if (!std::holds_alternative<step::Attention>(step.op)) return {};
  return std::make_unique<AttentionKernel>(step, context, reference_code_gemm());
}

}  // namespace vitq
