// SPDX-License-Identifier: Apache-2.0
#include "kernels/integer_linear.h"

#include <algorithm>
#include <optional>

#include "core/parallel.h"
#include "core/per_thread.h"
#include "kernels/coding.h"
#include "kernels/im2col.h"
#include "kernels/sigmoid.h"
#include "plan/views.h"

namespace vitq {
namespace {

class IntegerLinearKernel : public Kernel {
 public:
  IntegerLinearKernel(const Step& step, const KernelContext& context,
                      std::unique_ptr<IntegerGemm> product)
      : step_(step),
        op_(std::get<step::IntegerLinear>(step.op)),
        threads_(context.threads),
        rows_(context.rows),
        product_(std::move(product)),
        columns_(step.out.dims[-1]),
        values_(threads_, columns_) {
    std::vector<View> views = {step.out};
    if (step.epilogue.codes) views.push_back(*step.epilogue.codes);
    if (step.epilogue.residual) views.push_back(*step.epilogue.residual);
    walk_ = walk_rows(views);
    if (step.epilogue.coding) coder_.emplace(*step.epilogue.coding, columns_, context.rows);
    if (op_.im2col) im2col_.emplace(*op_.im2col, op_.coding, step.in[0].dims[-1], context);
  }

  void run(Buffers buffers) noexcept override {
    if (im2col_) im2col_->find_ranges(buffers);
    parallel_chunks(threads_, walk_.rows,
                    [&](std::int64_t thread, std::int64_t begin, std::int64_t end) {
                      run_rows(buffers, thread, begin, end);
                    });
  }
  std::string name() const override { return product_->name(); }

 private:
  struct Place {
    std::int64_t thread, row;
  };

  // Panels use the same memory one after the other, so that it stays in cache.
  void run_rows(Buffers buffers, std::int64_t thread, std::int64_t begin, std::int64_t end) {
    auto* sums = data_of<std::int32_t>(buffers, *step_.scratch) + begin * columns_;
    RowCursor cursor(walk_, begin);
    for (std::int64_t row = begin; row < end; row += product_->panel_rows()) {
      const std::int64_t rows = std::min(product_->panel_rows(), end - row);
      std::uint8_t* codes = codes_of(buffers, im2col_ ? begin : row);
      if (im2col_) im2col_->encode(buffers, {thread, row, row + rows}, codes);
      product_->run(thread, {codes, rows, sums});
      for (std::int64_t i = 0; i < rows; ++i, cursor.next()) {
        finish_row(buffers, sums + i * columns_, {thread, row + i}, cursor);
      }
    }
  }

  std::uint8_t* codes_of(Buffers buffers, std::int64_t row) const {
    return data_of<std::uint8_t>(buffers, step_.in[0]) + row * step_.in[1].dims[1];
  }

  void finish_row(Buffers buffers, const std::int32_t* sums, Place place, const RowCursor& cursor) {
    const bool codes_only = step_.out.dtype == DType::kU8;
    float* own = values_[place.thread];
    float* y = codes_only ? own : data_of<float>(buffers, step_.out) + cursor.offset(0);
    const RowScale x = row_scale_of(op_.coding, buffers, place.row);
    const std::optional<View>& residual = step_.epilogue.residual;
    const std::optional<View>& codes = step_.epilogue.codes;
    float* product = residual ? own : y;  // the residual may lie where y will
    rows_.linear_epilogue(sums, columns_, x.scale, x.lo, constant(buffers, 2), constant(buffers, 3),
                          constant(buffers, output_tokens(place.row) ? 5 : 4), product);
    if (residual) {
      rows_.add(product, data_of<const float>(buffers, *residual) + cursor.offset(codes ? 2 : 1),
                columns_, y);
    }
    activate(y);
    if (!coder_) return;
    const View& coded = codes_only ? step_.out : *codes;
    coder_->encode(buffers, place.row, y, own,
                   data_of<std::uint8_t>(buffers, coded) + cursor.offset(codes_only ? 0 : 1));
  }

  void activate(float* y) const {
    switch (step_.epilogue.act) {
      case Act::kNone: break;
      case Act::kGelu: rows_.gelu(y, columns_, y); break;
      case Act::kRelu: rows_.relu(y, columns_, y); break;
      case Act::kSigmoid: sigmoid(rows_, y, columns_, y); break;
    }
  }

  bool output_tokens(std::int64_t row) const {
    if (op_.row_period == 0) return false;
    const std::int64_t token = row % op_.row_period;
    return token >= op_.output_begin && token < op_.output_end;
  }
  const float* constant(Buffers buffers, std::size_t operand) const {
    return data_of<const float>(buffers, step_.in[operand]);
  }

  Step step_;
  step::IntegerLinear op_;
  int threads_;
  const RowKernels& rows_;
  std::unique_ptr<IntegerGemm> product_;
  std::int64_t columns_;
  RowWalk walk_;
  std::optional<RowCoder> coder_;
  std::optional<Im2colCoder> im2col_;
  PerThread<float> values_;  // a row
};

}  // namespace

std::unique_ptr<Kernel> make_integer_linear(const Step& step, const KernelContext& context,
                                            MakeIntegerGemm make) {
  if (!std::holds_alternative<step::IntegerLinear>(step.op)) return {};
  const std::int64_t k = step.in[1].dims[1];
  const IntegerGemmShape shape = {step.in[0].dims.elements() / k, step.in[1].dims[0], k};
  std::unique_ptr<IntegerGemm> product = make(shape, step, context);
  if (!product) return {};
  return std::make_unique<IntegerLinearKernel>(step, context, std::move(product));
}

}  // namespace vitq
