// SPDX-License-Identifier: Apache-2.0
#include "kernels/rowwise.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "core/parallel.h"
#include "core/per_thread.h"
#include "kernels/coding.h"
#include "kernels/sigmoid.h"
#include "plan/views.h"

namespace vitq {
namespace {

// One row of each operand; the last element of `in` is the output's row.
struct Row {
  const float* in[3] = {};
  float* out = nullptr;
  std::int64_t n = 0;
  std::int64_t stride[2] = {1, 1};  // of the first two operands; 0 repeats one value
};

// Calls Compute for every row of the operands that have rows.
template <typename Compute>
class RowwiseKernel : public Kernel {
 public:
  // The first `walked` operands advance with the output; the rest are the same for every row.
  RowwiseKernel(const Step& step, const KernelContext& context, std::size_t walked, Compute compute)
      : threads_(context.threads), walked_(walked), compute_(compute), out_type_(step.out.dtype) {
    views_.assign(step.in.begin(), step.in.begin() + static_cast<std::ptrdiff_t>(walked));
    views_.push_back(step.out);
    // Rows run along the axis that is contiguous in the output.
    const std::vector<int> order = memory_order(step.out);
    if (walked == step.in.size()) {
      for (View& view : views_) view = permuted(view, order);
    }
    walk_ = walk_rows(views_);
    views_.insert(views_.end(), step.in.begin() + static_cast<std::ptrdiff_t>(walked),
                  step.in.end());
    const auto last = static_cast<std::size_t>(step.out.dims.rank() - 1);
    row_.n = views_[walked].dims[-1];
    for (std::size_t i = 0; i < walked; ++i) row_.stride[i] = views_[i].strides[last];
    if (step.epilogue.coding) {
      coder_.emplace(*step.epilogue.coding, row_.n, context.rows);
      values_ = PerThread<float>(threads_, row_.n);
      codes_ = PerThread<std::uint8_t>(threads_, row_.n);
    }
  }

  void run(Buffers buffers) noexcept override {
    parallel_chunks(threads_, walk_.rows,
                    [&](std::int64_t chunk, std::int64_t begin, std::int64_t end) {
                      run_rows(buffers, chunk, begin, end);
                    });
  }
  std::string name() const override { return "rows"; }

 private:
  void run_rows(Buffers buffers, std::int64_t chunk, std::int64_t begin,
                std::int64_t end) noexcept {
    Row row = row_;
    for (std::size_t i = walked_ + 1; i < views_.size(); ++i) {
      row.in[i - 1] = data_of<const float>(buffers, views_[i]);
    }
    RowCursor cursor(walk_, begin);
    for (std::int64_t r = begin; r < end; ++r, cursor.next()) {
      for (std::size_t i = 0; i < walked_; ++i) {
        row.in[i] = data_of<const float>(buffers, views_[i]) + cursor.offset(i);
      }
      finish_row(buffers, chunk, r, cursor.offset(walked_), row);
    }
  }

  // Computes into the output, or into this thread's buffer if the row is stored as codes.
  void finish_row(Buffers buffers, std::int64_t chunk, std::int64_t r, std::int64_t offset,
                  Row row) {
    const View& out = views_[walked_];
    if (out_type_ == DType::kU8) {
      row.out = values_[chunk];
      compute_(row);
      coder_->encode(buffers, r, row.out, row.out, data_of<std::uint8_t>(buffers, out) + offset);
      return;
    }
    row.out = data_of<float>(buffers, out) + offset;
    compute_(row);
    if (coder_) coder_->simulate(buffers, r, row.out, codes_[chunk]);
  }

  int threads_;
  std::size_t walked_;
  Compute compute_;
  DType out_type_;
  std::vector<View> views_;  // walked operands, output, fixed operands
  RowWalk walk_;
  Row row_;
  std::optional<RowCoder> coder_;
  PerThread<float> values_;  // a row
  PerThread<std::uint8_t> codes_;
};

void copy_row(const Row& row) {
  if (row.stride[0] == 1) {
    std::memcpy(row.out, row.in[0], static_cast<std::size_t>(row.n) * sizeof(float));
    return;
  }
  for (std::int64_t i = 0; i < row.n; ++i) row.out[i] = row.in[0][i * row.stride[0]];
}

void add_row(const Row& row) {
  for (std::int64_t i = 0; i < row.n; ++i) {
    row.out[i] = row.in[0][i * row.stride[0]] + row.in[1][i * row.stride[1]];
  }
}

struct Maker {
  const Step& step;
  const KernelContext& context;

  using Made = std::unique_ptr<Kernel>;

  template <typename Compute>
  Made make(std::size_t walked, Compute compute) const {
    return std::make_unique<RowwiseKernel<Compute>>(step, context, walked, compute);
  }

  Made operator()(const op::LayerNorm& norm) const {
    const auto kernel = context.rows.layer_norm;
    return make(1, [kernel, eps = norm.eps](const Row& row) {
      kernel(row.in[0], row.in[1], row.in[2], eps, row.n, row.out);
    });
  }
  Made operator()(const op::Softmax&) const {
    const auto kernel = context.rows.softmax;
    return make(1, [kernel](const Row& row) { kernel(row.in[0], 1.0F, row.n, row.out); });
  }
  Made operator()(const op::Activate& activate) const {
    switch (activate.kind) {
      case Act::kNone: return make(1, copy_row);
      case Act::kGelu: return apply(context.rows.gelu);
      case Act::kRelu: return apply(context.rows.relu);
      case Act::kSigmoid:
        return make(1, [&rows = context.rows](const Row& row) {
          sigmoid(rows, row.in[0], row.n, row.out);
        });
    }
    return {};
  }
  Made operator()(const op::Add&) const {
    const auto kernel = context.rows.add;
    return make(2, [kernel](const Row& row) {
      if (row.stride[0] == 1 && row.stride[1] == 1) {
        kernel(row.in[0], row.in[1], row.n, row.out);
      } else {
        add_row(row);
      }
    });
  }
  Made operator()(const op::Scale& scale) const {
    return make(1, [factor = scale.factor](const Row& row) {
      for (std::int64_t i = 0; i < row.n; ++i) row.out[i] = factor * row.in[0][i * row.stride[0]];
    });
  }
  Made operator()(const step::Quantize&) const { return make(1, copy_row); }
  template <typename Other>
  Made operator()(const Other&) const {
    return {};
  }

  Made apply(void (*kernel)(const float*, std::int64_t, float*)) const {
    return make(1, [kernel](const Row& row) { kernel(row.in[0], row.n, row.out); });
  }
};

}  // namespace

std::unique_ptr<Kernel> make_rowwise(const Step& step, const KernelContext& context) {
  return std::visit(Maker{step, context}, step.op);
}

}  // namespace vitq
