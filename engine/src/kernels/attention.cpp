// SPDX-License-Identifier: Apache-2.0
#include "kernels/attention.h"

#include <algorithm>

#include "core/cpu.h"
#include "core/parallel.h"
#include "kernels/attention_memory.h"
#include "kernels/select.h"

namespace vitq {
namespace {

// One head of one image.
struct Head {
  Buffers buffers;
  std::byte* slot;
  std::int64_t image, head;
};

// A query by its index among all and in its block of so many.
struct Query {
  std::int64_t token, in_block, block;
};

class AttentionKernel : public Kernel {
 public:
  AttentionKernel(const Step& step, const KernelContext& context, const CodeKernels& kernels)
      : step_(step),
        op_(std::get<step::Attention>(step.op)),
        threads_(context.threads),
        rows_(context.rows),
        heads_(step.out.dims[1]),
        queries_(step.out.dims[2]),
        keys_(op_.k.dims[2]),
        channels_(op_.k.dims[3]),
        values_(step.out.dims[3]),
        scores_(kernels, {op_.q_params.most_bits(), op_.k_params.most_bits(), keys_, channels_}),
        outputs_(kernels, {op_.p_params.most_bits(), op_.v_params.bits, values_, keys_}),
        memory_(scores_, outputs_, {queries_, keys_, channels_, values_}) {}

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
  std::string name() const override { return outputs_.name(); }

 private:
  float* row_of(const Head& head, const View& view, std::int64_t token) const {
    return data_of<float>(head.buffers, view) + head.image * view.strides[0] +
           head.head * view.strides[1] + token * view.strides[2];
  }
  // Such a row of an operand, of which others are read after it. They lie apart, where no CPU looks
  // ahead by itself. That is worth an instruction only where they do not fit a cache.
  const float* next_row(const Head& head, const View& view, std::int64_t token) const {
    constexpr std::int64_t kAhead = 8;
    constexpr std::int64_t kLine = 16, kCache = 1 << 19;  // floats
    if (view.dims[2] * view.strides[2] <= kCache) return row_of(head, view, token);
    const float* ahead = row_of(head, view, std::min(token + kAhead, view.dims[2] - 1));
    for (std::int64_t i = 0; i < view.dims[3]; i += kLine) __builtin_prefetch(ahead + i);
    return row_of(head, view, token);
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
      scores_.multiply(count, memory_.q_codes.in(head.slot), memory_.k_codes.in(head.slot), sums);
      for (std::int64_t i = 0; i < count; ++i) code_scores(head, {begin + i, i, count}, sums);
      auto* out = memory_.out.in(head.slot);
      outputs_.multiply(count, memory_.p_codes.in(head.slot), memory_.v_codes.in(head.slot), out);
      for (std::int64_t i = 0; i < count; ++i) store(head, {begin + i, i, count}, out);
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
      rows_.center_scale_min_max({next_row(head, op_.k, j), constant(head, op_.k_offset), factor},
                                 channels_, row, &lo, &hi);
      const float scale = op_.k_params.range == Range::kStatic
                              ? op_.k_params.scale[0]
                              : std::max(std::max(-lo, hi) / top, 1e-9F);
      if (scores_.right_digits() == 1) {
        rows_.quantize_s8(row, channels_, 1.0F / scale, top, codes);
      } else {
        rows_.quantize_s16(row, channels_, 1.0F / scale, top,
                           {codes, codes + channels_, scores_.right_base()});
      }
      scores_.pack_b_column(codes, j, memory_.s16_row.in(head.slot), memory_.k_codes.in(head.slot));
      u[j] = scale * op_.scale;
      u[keys_ + j] = u[j] * static_cast<float>(sum_of_key(codes));
      u[2 * keys_ + j] = u[j] * dot_of_key(score, codes);
    }
  }

  // The sum of a key's codes, and that of score[c] * code[c].
  std::int64_t sum_of_key(const std::int8_t* codes) const {
    const std::int64_t high = rows_.sum_codes(codes, channels_);
    if (scores_.right_digits() == 1) return high;
    return scores_.right_base() * high + rows_.sum_codes(codes + channels_, channels_);
  }
  float dot_of_key(const float* score, const std::int8_t* codes) const {
    const float high = rows_.dot_codes(score, codes, channels_);
    if (scores_.right_digits() == 1) return high;
    return static_cast<float>(scores_.right_base()) * high +
           rows_.dot_codes(score, codes + channels_, channels_);
  }

  void code_queries(const Head& head, std::int64_t begin, std::int64_t count) const {
    auto* row = memory_.row.in(head.slot);
    auto* ranges = memory_.q_rows.in(head.slot);
    for (std::int64_t i = 0; i < count; ++i) {
      const int bits = op_.q_params.bits_of(op_.q_output.has(begin + i));
      auto* codes = memory_.u8_row.in(head.slot);
      float lo = 0.0F;
      float hi = 0.0F;
      rows_.center_scale_min_max({next_row(head, op_.q, begin + i), constant(head, op_.q_offset),
                                  constant(head, op_.q_factor)},
                                 channels_, row, &lo, &hi);
      float scale = row_scale(lo, hi, bits);
      if (op_.q_params.range == Range::kStatic) {
        lo = op_.q_params.lo[0];
        scale = op_.q_params.scale[0];
      }
      const auto top = static_cast<float>(max_code(bits));
      if (scores_.left_digits() == 1) {
        rows_.quantize_u8(row, channels_, lo, 1.0F / scale, top, codes);
      } else {
        rows_.quantize_u16(row, channels_, lo, 1.0F / scale, top, {codes, codes + channels_});
      }
      scores_.pack_a_row({codes, i, count}, memory_.s16_row.in(head.slot),
                         memory_.q_codes.in(head.slot));
      ranges[2 * i] = scale;
      ranges[2 * i + 1] = lo;
    }
  }

  // From sums to a row of softmax codes, and the scale of what they are multiplied to.
  void code_scores(const Head& head, Query query, const std::int32_t* sums) const {
    const std::int64_t i = query.in_block;
    const auto* u = memory_.k_rows.in(head.slot);
    const auto* range = memory_.q_rows.in(head.slot) + 2 * i;
    auto* row = memory_.row.in(head.slot);
    auto* codes = memory_.u8_row.in(head.slot);
    auto* scale = memory_.p_rows.in(head.slot) + i;
    const auto top =
        static_cast<float>(max_code(op_.p_params.bits_of(op_.q_output.has(query.token))));
    scores_.sums().finish(rows_, sums, {i, query.block},
                          {range[0], range[1], u, u + keys_, u + 2 * keys_, hidden(head)}, row);
    *scale = outputs_.left_digits() == 1 ? code_probabilities(row, top, codes)
                                         : code_probabilities(row, top, {codes, codes + keys_});
    outputs_.pack_a_row({codes, i, query.block}, memory_.s16_row.in(head.slot),
                        memory_.p_codes.in(head.slot));
  }

  // A row of scores to softmax codes, of one digit or two. They answer the scale of the row.
  float code_probabilities(float* row, float top, std::uint8_t* codes) const {
    if (op_.p_params.range == Range::kStatic) {
      rows_.softmax(row, 1.0F, keys_, row);
      rows_.quantize_u8(row, keys_, 0.0F, 1.0F / op_.p_params.scale[0], top, codes);
      return op_.p_params.scale[0];
    }
    float sum = 0.0F;
    rows_.softmax_codes(row, keys_, top, codes, &sum);
    return 1.0F / (top * sum);
  }
  float code_probabilities(float* row, float top, const CodeDigits& codes) const {
    if (op_.p_params.range == Range::kStatic) {
      rows_.softmax(row, 1.0F, keys_, row);
      rows_.quantize_u16(row, keys_, 0.0F, 1.0F / op_.p_params.scale[0], top, codes);
      return op_.p_params.scale[0];
    }
    float sum = 0.0F;
    rows_.softmax_digits(row, keys_, top, codes, &sum);
    return 1.0F / (top * sum);
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
      rows_.center_scale(next_row(head, op_.v, j), mean, inverse, values_, row);
      if (outputs_.right_digits() == 1) {
        rows_.quantize_s8(row, values_, 1.0F, top, codes);
      } else {
        rows_.quantize_s16(row, values_, 1.0F, top,
                           {codes, codes + values_, outputs_.right_base()});
      }
      outputs_.pack_b_row(codes, j, memory_.s16_row.in(head.slot), memory_.v_codes.in(head.slot));
    }
  }

  // The mean of each channel over the keys, and the scale of what is left.
  void find_columns(const Head& head, float* scale, float* mean, float top) const {
    const float* added = hidden(head);
    std::int64_t count = 0;
    const auto for_each_value = [&](auto&& take) {
      for (std::int64_t j = 0; j < keys_; ++j) {
        if (added == nullptr || added[j] == 0.0F) take(next_row(head, op_.v, j));
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

  void store(const Head& head, Query query, const std::int32_t* sums) const {
    const auto* columns = memory_.v_columns.in(head.slot);
    const float scale = memory_.p_rows.in(head.slot)[query.in_block];
    outputs_.sums().finish(rows_, sums, {query.in_block, query.block},
                           {scale, 0.0F, columns, columns, columns + 2 * values_},
                           row_of(head, step_.out, query.token));
  }

  Step step_;
  step::Attention op_;
  int threads_;
  const RowKernels& rows_;
  std::int64_t heads_, queries_, keys_;
  std::int64_t channels_, values_;  // of a head's queries and keys, and of its values
  CodeProduct scores_, outputs_;
  HeadMemory memory_;
};

}  // namespace

std::int32_t largest_product(const step::Attention& attention) {
  const auto largest = [](const QParams& a, const QParams& b) {
    return max_code(std::min(a.most_bits(), kDigitBits)) *
           max_weight_code(std::min(b.most_bits(), kDigitBits));
  };
  return std::max(largest(attention.q_params, attention.k_params),
                  largest(attention.p_params, attention.v_params));
}

std::unique_ptr<Kernel> make_attention(const Step& step, const KernelContext& context) {
  const auto* attention = std::get_if<step::Attention>(&step.op);
  if (attention == nullptr) return {};
  return std::make_unique<AttentionKernel>(
      step, context,
      CodeKernels{context.rows, code_gemm(cpu(), largest_product(*attention)),
                  wide_code_gemm(cpu())});
}

std::unique_ptr<Kernel> make_reference_attention(const Step& step, const KernelContext& context) {
  if (!std::holds_alternative<step::Attention>(step.op)) return {};
  return std::make_unique<AttentionKernel>(
      step, context, CodeKernels{context.rows, reference_code_gemm(), nullptr});
}

}  // namespace vitq
