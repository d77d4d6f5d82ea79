// SPDX-License-Identifier: Apache-2.0
#include "kernels/attention.h"

#include <algorithm>

#include "core/cpu.h"
#include "core/parallel.h"
#include "kernels/select.h"
#include "plan/attention.h"

namespace vitq {
namespace {

// One head of one image.
struct Head {
  Buffers buffers;
  std::byte* memory;
  std::int64_t image, head;

  template <typename T>
  T* at(std::int64_t offset) const {
    return reinterpret_cast<T*>(memory + offset);
  }
};

class AttentionKernel : public Kernel {
 public:
  AttentionKernel(const Step& step, const KernelContext& context, const CodeGemm& products)
      : gemm_(products),
        step_(step),
        op_(std::get<step::Attention>(step.op)),
        threads_(context.threads),
        rows_(context.rows),
        heads_(step.out.dims[1]),
        queries_(step.out.dims[2]),
        keys_(step.in[1].dims[2]),
        channels_(step.out.dims[3]),
        scratch_(queries_, keys_, channels_) {}

  void run(Buffers buffers) noexcept override {
    // Threads take equal numbers of queries. A head that two of them share is coded by both.
    const std::int64_t all = step_.out.dims[0] * heads_ * queries_;
    const auto threads = static_cast<int>(std::min<std::int64_t>(threads_, op_.slots));
    parallel_chunks(threads, all, [&](std::int64_t slot, std::int64_t begin, std::int64_t end) {
      std::byte* memory = data_of<std::byte>(buffers, *step_.scratch) + slot * scratch_.bytes;
      for (std::int64_t index = begin / queries_; index * queries_ < end; ++index) {
        const std::int64_t first = index * queries_;
        run_head({buffers, memory, index / heads_, index % heads_}, std::max(begin, first) - first,
                 std::min(end, first + queries_) - first);
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
    if (step_.in.size() < 4) return nullptr;
    return data_of<const float>(head.buffers, step_.in[3]) + head.image * step_.in[3].strides[0];
  }

  void run_head(const Head& head, std::int64_t first, std::int64_t end) const {
    code_keys(head);
    code_values(head);
    for (std::int64_t begin = first; begin < end; begin += scratch_.block) {
      const std::int64_t count = std::min(scratch_.block, end - begin);
      code_queries(head, begin, count);
      auto* sums = head.at<std::int32_t>(scratch_.sums);
      gemm_.multiply({.m = count, .n = keys_, .k = channels_}, head.at<std::byte>(scratch_.q_codes),
                     head.at<std::byte>(scratch_.k_codes), sums);
      for (std::int64_t i = 0; i < count; ++i) code_scores(head, i, sums + i * keys_);
      auto* out = head.at<std::int32_t>(scratch_.out);
      gemm_.multiply({.m = count, .n = channels_, .k = keys_}, head.at<std::byte>(scratch_.p_codes),
                     head.at<std::byte>(scratch_.v_codes), out);
      for (std::int64_t i = 0; i < count; ++i) store(head, begin + i, i, out + i * channels_);
    }
  }

  // Codes of all keys, and per key what turns a row of sums into scores: u, r, b.
  void code_keys(const Head& head) const {
    const float* channel_offset = constant(head, op_.k_shift);
    const float* factor = constant(head, op_.k_factor);
    const float* offset = constant(head, op_.q_offset);
    auto* row = head.at<float>(scratch_.row);
    auto* u = head.at<float>(scratch_.k_rows);
    const auto top = static_cast<float>(max_weight_code(op_.k.bits));
    for (std::int64_t j = 0; j < keys_; ++j) {
      auto* codes = head.at<std::int8_t>(scratch_.code_row);
      float lo = 0.0F;
      float hi = 0.0F;
      rows_.center_scale_min_max({row_of(head, step_.in[1], j), channel_offset, factor}, channels_,
                                 row, &lo, &hi);
      const float scale =
          op_.k.range == Range::kStatic ? op_.k.scale[0] : std::max(std::max(-lo, hi) / top, 1e-9F);
      rows_.quantize_s8(row, channels_, 1.0F / scale, top, codes);
      gemm_.pack_b_column({codes, channels_, j}, head.at<std::byte>(scratch_.k_codes));
      u[j] = scale * op_.scale;
      u[keys_ + j] = u[j] * static_cast<float>(rows_.sum_codes(codes, channels_));
      u[2 * keys_ + j] = u[j] * rows_.dot_codes(offset, codes, channels_);
    }
  }

  void code_queries(const Head& head, std::int64_t begin, std::int64_t count) const {
    auto* row = head.at<float>(scratch_.row);
    auto* ranges = head.at<float>(scratch_.q_rows);
    for (std::int64_t i = 0; i < count; ++i) {
      auto* codes = head.at<std::uint8_t>(scratch_.code_row);
      float lo = 0.0F;
      float hi = 0.0F;
      rows_.center_scale_min_max({row_of(head, step_.in[0], begin + i), constant(head, op_.q_shift),
                                  constant(head, op_.q_factor)},
                                 channels_, row, &lo, &hi);
      float scale = row_scale(lo, hi, op_.q.bits);
      if (op_.q.range == Range::kStatic) {
        lo = op_.q.lo[0];
        scale = op_.q.scale[0];
      }
      rows_.quantize_u8(row, channels_, lo, 1.0F / scale, static_cast<float>(max_code(op_.q.bits)),
                        codes);
      gemm_.pack_a_row({codes, channels_, i}, head.at<std::byte>(scratch_.q_codes));
      ranges[2 * i] = scale;
      ranges[2 * i + 1] = lo;
    }
  }

  // From a row of sums to softmax codes, and the scale of what they are multiplied to.
  void code_scores(const Head& head, std::int64_t i, const std::int32_t* sums) const {
    const auto* u = head.at<const float>(scratch_.k_rows);
    const auto* range = head.at<const float>(scratch_.q_rows) + 2 * i;
    auto* row = head.at<float>(scratch_.row);
    auto* codes = head.at<std::uint8_t>(scratch_.code_row);
    auto* scale = head.at<float>(scratch_.p_rows) + i;
    const auto top = static_cast<float>(max_code(op_.p.bits));
    rows_.linear_epilogue(sums, keys_, range[0], range[1], u, u + keys_, u + 2 * keys_, row);
    if (const float* added = hidden(head)) rows_.add(row, added, keys_, row);
    if (op_.p.range == Range::kStatic) {
      rows_.softmax(row, 1.0F, keys_, row);
      rows_.quantize_u8(row, keys_, 0.0F, 1.0F / op_.p.scale[0], top, codes);
      *scale = op_.p.scale[0];
    } else {
      float sum = 0.0F;
      rows_.softmax_codes(row, keys_, top, codes, &sum);
      *scale = 1.0F / (top * sum);
    }
    gemm_.pack_a_row({codes, keys_, i}, head.at<std::byte>(scratch_.p_codes));
  }

  // Codes of all values, and per channel scale and mean.
  void code_values(const Head& head) const {
    auto* scale = head.at<float>(scratch_.v_columns);
    float* inverse = scale + channels_;
    float* mean = inverse + channels_;
    const auto top = static_cast<float>(max_weight_code(op_.v.bits));
    std::fill(scale, mean + channels_, 0.0F);
    if (op_.v.range == Range::kStatic) {
      std::fill(scale, scale + channels_, op_.v.scale[0]);
    } else {
      find_columns(head, scale, mean, top);
    }
    for (std::int64_t c = 0; c < channels_; ++c) inverse[c] = 1.0F / scale[c];
    auto* row = head.at<float>(scratch_.row);
    for (std::int64_t j = 0; j < keys_; ++j) {
      auto* codes = head.at<std::int8_t>(scratch_.code_row);
      rows_.center_scale(row_of(head, step_.in[2], j), mean, inverse, channels_, row);
      rows_.quantize_s8(row, channels_, 1.0F, top, codes);
      gemm_.pack_b_row({codes, channels_, j}, keys_, head.at<std::byte>(scratch_.v_codes));
    }
  }

  // The mean of each channel over the keys, and the scale of what is left.
  void find_columns(const Head& head, float* scale, float* mean, float top) const {
    const float* added = hidden(head);
    std::int64_t count = 0;
    const auto for_each_value = [&](auto&& take) {
      for (std::int64_t j = 0; j < keys_; ++j) {
        if (added == nullptr || added[j] == 0.0F) take(row_of(head, step_.in[2], j));
      }
    };
    for_each_value([&](const float* value) {
      rows_.add(mean, value, channels_, mean);
      ++count;
    });
    for (std::int64_t c = 0; c < channels_; ++c) mean[c] /= static_cast<float>(count);
    for_each_value([&](const float* value) { rows_.widen_range(value, mean, channels_, scale); });
    for (std::int64_t c = 0; c < channels_; ++c) scale[c] = std::max(scale[c] / top, 1e-9F);
  }

  void store(const Head& head, std::int64_t token, std::int64_t i, const std::int32_t* sums) const {
    const auto* columns = head.at<const float>(scratch_.v_columns);
    const float scale = head.at<const float>(scratch_.p_rows)[i];
    rows_.linear_epilogue(sums, channels_, scale, 0.0F, columns, columns, columns + 2 * channels_,
                          row_of(head, step_.out, token));
  }

  const CodeGemm& gemm_;
  Step step_;
  step::Attention op_;
  int threads_;
  const RowKernels& rows_;
  std::int64_t heads_, queries_, keys_, channels_;
  AttentionScratch scratch_;
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
