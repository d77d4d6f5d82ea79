// SPDX-License-Identifier: Apache-2.0
#include "kernels/integer_linear.h"

#include <algorithm>
#include <optional>

#include "core/parallel.h"
#include "kernels/activate.h"
#include "kernels/coding.h"
#include "kernels/digits.h"
#include "kernels/im2col.h"
#include "kernels/integer_only/kernels.h"
#include "kernels/workspace.h"
#include "plan/views.h"

namespace vitq {
namespace {

DigitProduct product_of(const step::IntegerLinear& op, const IntegerGemm& gemm) {
  const std::int64_t columns = op.weight_scale.dims[-1];
  if (gemm.takes_whole_codes()) return {.columns = columns};
  const int digits = op.weight_base > 1 ? 2 : 1;
  return {op.coding.digits(), digits, op.weight_base, columns};
}

class IntegerLinearKernel : public Kernel {
 public:
  IntegerLinearKernel(const Step& step, const KernelContext& context,
                      std::unique_ptr<IntegerGemm> gemm)
      : step_(step),
        op_(std::get<step::IntegerLinear>(step.op)),
        threads_(context.threads),
        rows_(context.rows),
        gemm_(std::move(gemm)),
        columns_(step.out.dims[-1]),
        product_(product_of(op_, *gemm_)),
        low_digits_(op_.coding.low_digits) {
    std::vector<View> views = {step.out};
    if (step.epilogue.codes) views.push_back(*step.epilogue.codes);
    if (step.epilogue.residual) views.push_back(*step.epilogue.residual);
    walk_ = walk_rows(views);
    if (step.epilogue.coding) coder_.emplace(*step.epilogue.coding, columns_, context.rows);
    const std::int64_t chunks = std::min<std::int64_t>(threads_, walk_.rows);
    const std::int64_t panel = std::min(gemm_->panel_rows(), (walk_.rows + chunks - 1) / chunks);
    sums_ = layout_.add<std::int32_t>(product_.sums(panel));
    row_ = layout_.add<float>(columns_);
    gemm_part_ = layout_.add<std::byte>(gemm_->thread_bytes());
    if (!op_.im2col) return;
    low_digits_ = op_.coding.low_digits = panel * op_.weight.dims[1];
    im2col_.emplace(*op_.im2col, op_.coding, op_.weight.dims[1], context);
    codes_ = layout_.add<std::uint8_t>(op_.coding.digits() * low_digits_);
  }

  std::int64_t workspace_bytes() const override { return layout_.bytes(threads_); }
  std::unique_ptr<KernelState> make_state() const override { return gemm_->make_state(); }
  void run(const Run& run) const noexcept override {
    if (im2col_) im2col_->prepare(run);
    parallel_chunks(run.team, walk_.rows,
                    [&](std::int64_t thread, std::int64_t begin, std::int64_t end) {
                      run_rows(run, thread, begin, end);
                    });
  }
  std::string name() const override { return gemm_->name(); }

 private:
  // Panels use the same memory one after the other, so that it stays in cache.
  void run_rows(const Run& run, std::int64_t thread, std::int64_t begin, std::int64_t end) const {
    std::byte* slot = layout_.slot(run.workspace, thread);
    std::int32_t* sums = sums_.in(slot);
    RowCursor cursor(walk_, begin);
    for (std::int64_t row = begin; row < end; row += gemm_->panel_rows()) {
      const std::int64_t rows = std::min(gemm_->panel_rows(), end - row);
      const std::uint8_t* codes = codes_of(run.buffers, slot, row, rows);
      for (int digit = 0; digit < product_.left; ++digit) {
        gemm_->run({thread, gemm_part_.in(slot), run.state},
                   {codes + digit * low_digits_, rows, sums + digit * rows * product_.width(),
                    low_digits_});
      }
      for (std::int64_t i = 0; i < rows; ++i, cursor.next()) {
        finish_row(run.buffers, {sums, rows, i, row + i}, cursor, row_.in(slot));
      }
    }
  }

  const std::uint8_t* codes_of(Buffers buffers, std::byte* slot, std::int64_t row,
                               std::int64_t rows) const {
    if (!im2col_) return data_of<std::uint8_t>(buffers, *op_.x) + row * op_.weight.dims[1];
    std::uint8_t* codes = codes_.in(slot);
    im2col_->encode(buffers, row, row + rows, codes);
    return codes;
  }

  // One row of the sums of a panel.
  struct RowOfPanel {
    const std::int32_t* sums;
    std::int64_t rows;   // of the panel
    std::int64_t index;  // in the panel
    std::int64_t row;    // of all
  };

  // `own` is memory for a row.
  void finish_row(Buffers buffers, const RowOfPanel& of, const RowCursor& cursor,
                  float* own) const {
    const std::int64_t row = of.row;
    const bool codes_only = step_.out.dtype == DType::kU8;
    float* y = codes_only ? own : data_of<float>(buffers, step_.out) + cursor.offset(0);
    const RowScale x = row_scale_of(op_.coding, buffers, row);
    const std::optional<View>& residual = step_.epilogue.residual;
    const std::optional<View>& codes = step_.epilogue.codes;
    const Act act = step_.epilogue.act;
    const View& bias = op_.output_rows.has(row) ? *op_.output_bias : op_.bias;
    RowEpilogue end = {x.scale, x.lo, data_of<const float>(buffers, op_.weight_scale),
                       data_of<const float>(buffers, op_.lo_term),
                       data_of<const float>(buffers, bias)};
    end.relu = act == Act::kRelu;
    if (residual) {
      end.residual = data_of<const float>(buffers, *residual) + cursor.offset(codes ? 2 : 1);
    }
    product_.finish(rows_, of.sums, {of.index, of.rows}, end, y);
    if (act != Act::kNone && !end.relu) activate_row(rows_, act, y, columns_, y);
    if (!coder_) return;
    const View& coded = codes_only ? step_.out : *codes;
    coder_->encode(buffers, row, y, own,
                   data_of<std::uint8_t>(buffers, coded) + cursor.offset(codes_only ? 0 : 1));
  }

  Step step_;
  step::IntegerLinear op_;
  int threads_;
  const RowKernels& rows_;
  std::unique_ptr<IntegerGemm> gemm_;
  std::int64_t columns_;
  DigitProduct product_;
  std::int64_t low_digits_;  // how far after the others those of the codes lie
  RowWalk walk_;
  std::optional<RowCoder> coder_;
  std::optional<Im2colCoder> im2col_;
  WorkspaceLayout layout_;
  Part<std::int32_t> sums_;    // a panel
  Part<float> row_;            // a row of results
  Part<std::byte> gemm_part_;  // the product's own
  Part<std::uint8_t> codes_;   // a panel, of patches
};

// The rows of the product: of x, or of the patches.
std::int64_t rows_of(const step::IntegerLinear& linear) {
  if (linear.x) return linear.x->dims.elements() / linear.x->dims[-1];
  const Shape& patches = linear.im2col->image.dims;
  return patches[0] * patches[1] * patches[2];
}

}  // namespace

std::unique_ptr<Kernel> make_integer_linear(const Step& step, const KernelContext& context,
                                            MakeIntegerGemm make) {
  const auto* linear = std::get_if<step::IntegerLinear>(&step.op);
  if (linear == nullptr) return {};
  const IntegerGemmShape shape = {rows_of(*linear), linear->weight.dims[0], linear->weight.dims[1]};
  std::unique_ptr<IntegerGemm> gemm = make(shape, *linear, context);
  if (!gemm) return {};
  if (linear->bias.dtype == DType::kS32) {
    return make_integer_only_linear(step, context, std::move(gemm));
  }
  return std::make_unique<IntegerLinearKernel>(step, context, std::move(gemm));
}

}  // namespace vitq
