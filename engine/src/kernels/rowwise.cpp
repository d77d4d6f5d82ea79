// SPDX-License-Identifier: Apache-2.0
#include "kernels/rowwise.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

#include "core/parallel.h"
#include "kernels/activate.h"
#include "kernels/coding.h"
#include "kernels/workspace.h"
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
  RowwiseKernel(const Step& step, const KernelContext& context, const std::vector<View>& operands,
                std::size_t walked, Compute compute)
      : threads_(context.threads), walked_(walked), compute_(compute), out_type_(step.out.dtype) {
    const auto fixed = operands.begin() + static_cast<std::ptrdiff_t>(walked);
    views_.assign(operands.begin(), fixed);
    views_.push_back(step.out);
    // Rows run along the axis that is contiguous in the output.
    const std::vector<int> order = memory_order(step.out);
    if (fixed == operands.end()) {
      for (View& view : views_) view = permuted(view, order);
    }
    walk_ = walk_rows(views_);
    views_.insert(views_.end(), fixed, operands.end());
    const auto last = static_cast<std::size_t>(step.out.dims.rank() - 1);
    row_.n = views_[walked].dims[-1];
    for (std::size_t i = 0; i < walked; ++i) row_.stride[i] = views_[i].strides[last];
    if (step.epilogue.coding) {
      RowCoding coding = *step.epilogue.coding;
      if (out_type_ != DType::kU8) coding.low_digits = row_.n;  // codes stay in the workspace
      coder_.emplace(coding, row_.n, context.rows);
      values_ = layout_.add<float>(row_.n);
      codes_ = layout_.add<std::uint8_t>(coding.digits() * row_.n);
    }
  }

  std::int64_t workspace_bytes() const override { return layout_.bytes(threads_); }
  void run(const Run& run) const noexcept override {
    parallel_chunks(run.team, walk_.rows,
                    [&](std::int64_t thread, std::int64_t begin, std::int64_t end) {
                      run_rows(run.buffers, layout_.slot(run.workspace, thread), begin, end);
                    });
  }
  std::string name() const override { return "rows"; }

 private:
  void run_rows(Buffers buffers, std::byte* slot, std::int64_t begin, std::int64_t end) const {
    Row row = row_;
    for (std::size_t i = walked_ + 1; i < views_.size(); ++i) {
      row.in[i - 1] = data_of<const float>(buffers, views_[i]);
    }
    RowCursor cursor(walk_, begin);
    for (std::int64_t r = begin; r < end; ++r, cursor.next()) {
      for (std::size_t i = 0; i < walked_; ++i) {
        row.in[i] = data_of<const float>(buffers, views_[i]) + cursor.offset(i);
      }
      finish_row(buffers, slot, r, cursor.offset(walked_), row);
    }
  }

  // Computes into the output, or into this thread's buffer if the row is stored as codes.
  void finish_row(Buffers buffers, std::byte* slot, std::int64_t r, std::int64_t offset,
                  Row row) const {
    const View& out = views_[walked_];
    if (out_type_ == DType::kU8) {
      row.out = values_.in(slot);
      compute_(row);
      coder_->encode(buffers, r, row.out, row.out, data_of<std::uint8_t>(buffers, out) + offset);
      return;
    }
    row.out = data_of<float>(buffers, out) + offset;
    compute_(row);
    if (coder_) coder_->simulate(buffers, r, row.out, codes_.in(slot));
  }

  int threads_;
  std::size_t walked_;
  Compute compute_;
  DType out_type_;
  std::vector<View> views_;  // walked operands, output, fixed operands
  RowWalk walk_;
  Row row_;
  std::optional<RowCoder> coder_;
  WorkspaceLayout layout_;
  Part<float> values_;  // a row
  Part<std::uint8_t> codes_;
};

void copy_row(const Row& row) {
  if (row.stride[0] == 1) {
    std::memcpy(row.out, row.in[0], static_cast<std::size_t>(row.n) * sizeof(float));
    return;
  }
  for (std::int64_t i = 0; i < row.n; ++i) row.out[i] = row.in[0][i * row.stride[0]];
}

void multiply_row(const Row& row) {
  for (std::int64_t i = 0; i < row.n; ++i) {
    row.out[i] = row.in[0][i * row.stride[0]] * row.in[1][i * row.stride[1]];
  }
}

void add_row(const Row& row) {
  for (std::int64_t i = 0; i < row.n; ++i) {
    row.out[i] = row.in[0][i * row.stride[0]] + row.in[1][i * row.stride[1]];
  }
}

// Rows of this kind are few, one for each image, so that doubles cost nothing.
void unit_length_row(const Row& row) {
  double energy = 0.0;
  for (std::int64_t i = 0; i < row.n; ++i) {
    energy += static_cast<double>(row.in[0][i]) * static_cast<double>(row.in[0][i]);
  }
  const double length = std::max(std::sqrt(energy), 1e-12);
  for (std::int64_t i = 0; i < row.n; ++i) {
    row.out[i] = static_cast<float>(static_cast<double>(row.in[0][i]) / length);
  }
}

// A float has no room for an angle's last bits, which double precision does not add to.
void sine_row(const Row& row) {
  for (std::int64_t i = 0; i < row.n; ++i)
    row.out[i] = static_cast<float>(std::sin(static_cast<double>(row.in[0][i])));
}

struct Maker {
  const Step& step;
  const KernelContext& context;

  using Made = std::unique_ptr<Kernel>;

  // The first `walked` of the operands advance with the result.
  template <typename Compute>
  Made make(const std::vector<View>& operands, std::size_t walked, Compute compute) const {
    return std::make_unique<RowwiseKernel<Compute>>(step, context, operands, walked, compute);
  }
  template <typename Compute>
  Made make(const step::Unary& op, Compute compute) const {
    return make({op.x}, 1, compute);
  }

  Made operator()(const step::LayerNorm& norm) const {
    const auto kernel = context.rows.layer_norm;
    return make({norm.x, norm.gain, norm.bias}, 1, [kernel, eps = norm.eps](const Row& row) {
      kernel(row.in[0], row.in[1], row.in[2], eps, row.n, row.out);
    });
  }
  Made operator()(const step::Softmax& softmax) const {
    const auto kernel = context.rows.softmax;
    return make(softmax, [kernel](const Row& row) { kernel(row.in[0], 1.0F, row.n, row.out); });
  }
  Made operator()(const step::UnitLength& op) const { return make(op, unit_length_row); }
  Made operator()(const step::Activate& activate) const {
    if (activate.kind == Act::kNone) return make(activate, copy_row);
    return make(activate, [&rows = context.rows, act = activate.kind](const Row& row) {
      activate_row(rows, act, row.in[0], row.n, row.out);
    });
  }
  Made operator()(const step::Add& add) const {
    const auto kernel = context.rows.add;
    return make({add.a, add.b}, 2, [kernel](const Row& row) {
      if (row.stride[0] == 1 && row.stride[1] == 1) {
        kernel(row.in[0], row.in[1], row.n, row.out);
      } else {
        add_row(row);
      }
    });
  }
  Made operator()(const step::Multiply& product) const {
    return make({product.a, product.b}, 2, multiply_row);
  }
  Made operator()(const step::Sine& sine) const { return make(sine, sine_row); }
  Made operator()(const step::Scale& scale) const {
    return make(scale, [factor = scale.factor](const Row& row) {
      for (std::int64_t i = 0; i < row.n; ++i) row.out[i] = factor * row.in[0][i * row.stride[0]];
    });
  }
  Made operator()(const step::Quantize& quantize) const { return make(quantize, copy_row); }
  template <typename Other>
  Made operator()(const Other&) const {
    return {};
  }
};

}  // namespace

std::unique_ptr<Kernel> make_rowwise(const Step& step, const KernelContext& context) {
  return std::visit(Maker{step, context}, step.op);
}

}  // namespace vitq
