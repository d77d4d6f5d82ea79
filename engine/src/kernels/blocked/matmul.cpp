// SPDX-License-Identifier: Apache-2.0
// Products of two activations. Each thread packs the right operand of every matrix it works on.
#include <algorithm>

#include "core/parallel.h"
#include "kernels/blocked/blocked.h"
#include "kernels/float_gemm/product.h"
#include "kernels/select.h"
#include "kernels/workspace.h"
#include "plan/views.h"

namespace vitq {
namespace {

// The last two axes of a view.
FloatMatrix last_matrix(const View& view, bool transposed) {
  const auto rank = static_cast<std::size_t>(view.dims.rank());
  FloatMatrix matrix = {nullptr, view.strides[rank - 2], view.strides[rank - 1]};
  if (transposed) std::swap(matrix.row_stride, matrix.column_stride);
  return matrix;
}

class BlockedMatMul : public Kernel {
 public:
  BlockedMatMul(const Step& step, const step::MatMul& op, const KernelContext& context)
      : op_(op),
        out_(step.out),
        threads_(context.threads),
        m_(step.out.dims[-2]),
        n_(step.out.dims[-1]),
        a_(last_matrix(op.a, false)),
        b_(last_matrix(op.b, op.matmul.transpose_b)),
        c_(last_matrix(step.out, false)),
        batch_(walk_matrices(std::vector<View>{op.a, op.b, step.out})),
        product_(float_gemm(cpu()), n_, op.a.dims[-1]),
        block_(std::min(product_.block_rows(), m_)),
        packed_(layout_.add<float>(product_.packed_floats())),
        sums_(layout_.add<float>(block_ * n_)),
        left_(layout_.add<float>(a_.column_stride == 1 ? 0 : block_ * product_.depth())) {}

  std::int64_t workspace_bytes() const override { return layout_.bytes(threads_); }
  void run(const Run& run) const noexcept override {
    parallel_chunks(
        run.team, batch_.rows * m_, [&](std::int64_t thread, std::int64_t begin, std::int64_t end) {
          std::byte* slot = layout_.slot(run.workspace, thread);
          for (std::int64_t index = begin / m_; index * m_ < end; ++index) {
            const std::int64_t first = index * m_;
            run_matrix(run.buffers, slot, index,
                       {std::max(begin, first) - first, std::min(end, first + m_) - first});
          }
        });
  }
  std::string name() const override { return product_.name(); }

 private:
  struct RowRange {
    std::int64_t begin, end;
  };

  void run_matrix(Buffers buffers, std::byte* slot, std::int64_t index, RowRange range) const {
    const auto matrix = [&](const View& view, std::size_t place) {
      return data_of<float>(buffers, view) + batch_.offset(place, index);
    };
    const float* a = matrix(op_.a, 0);
    FloatMatrix b = b_;
    b.data = matrix(op_.b, 1);
    product_.pack(b, packed_.in(slot));
    for (std::int64_t row = range.begin; row < range.end; row += block_) {
      const std::int64_t rows = std::min(block_, range.end - row);
      const auto left = [&](std::int64_t begin, std::int64_t count) {
        FloatMatrix part = a_;
        part.data = a + row * a_.row_stride + begin * a_.column_stride;
        return rows_of(part, rows, count, left_.in(slot));
      };
      product_.multiply(rows, left, packed_.in(slot), sums_.in(slot));
      store(sums_.in(slot), rows, matrix(out_, 2) + row * c_.row_stride);
    }
  }

  void store(const float* sums, std::int64_t rows, float* c) const {
    for (std::int64_t row = 0; row < rows; ++row, sums += n_, c += c_.row_stride) {
      if (c_.column_stride == 1) {
        for (std::int64_t i = 0; i < n_; ++i) c[i] = sums[i] * op_.matmul.scale;
      } else {
        for (std::int64_t i = 0; i < n_; ++i) c[i * c_.column_stride] = sums[i] * op_.matmul.scale;
      }
    }
  }

  step::MatMul op_;
  View out_;
  int threads_;
  std::int64_t m_, n_;
  FloatMatrix a_, b_, c_;  // strides alone
  RowWalk batch_;
  FloatProduct product_;
  std::int64_t block_;  // rows at a time
  WorkspaceLayout layout_;
  Part<float> packed_;  // the right operand
  Part<float> sums_;    // a block
  Part<float> left_;    // a block along k
};

}  // namespace

std::unique_ptr<Kernel> make_blocked_matmul(const Step& step, const KernelContext& context) {
  const auto* op = std::get_if<step::MatMul>(&step.op);
  if (op == nullptr) return {};
  return std::make_unique<BlockedMatMul>(step, *op, context);
}

}  // namespace vitq
