// SPDX-License-Identifier: Apache-2.0
#include "kernels/integer_linear.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/parallel.h"
#include "kernels/coding.h"
#include "kernels/windows.h"
#include "plan/views.h"

namespace vitq {
namespace {

class IntegerLinearKernel : public Kernel {
 public:
  IntegerLinearKernel(const Step& step, const KernelContext& context,
                      std::unique_ptr<IntegerProduct> product)
      : step_(step),
        op_(std::get<step::IntegerLinear>(step.op)),
        threads_(context.threads),
        rows_(context.rows),
        product_(std::move(product)),
        columns_(step.out.dims[-1]) {
    std::vector<View> views = {step.out};
    if (step.epilogue.codes) views.push_back(*step.epilogue.codes);
    if (step.epilogue.residual) views.push_back(*step.epilogue.residual);
    walk_ = walk_rows(views);
    if (step.epilogue.coding) coder_.emplace(*step.epilogue.coding, columns_, context.rows);
    if (op_.windows) windows_.emplace(*op_.windows, op_.coding, step.in[0].dims[-1], context);
    values_.resize(static_cast<std::size_t>(columns_ * threads_));
  }

  void run(Buffers buffers) noexcept override {
    if (windows_) windows_->find_ranges(buffers);
    if (product_->uses_threads()) {
      for_each_panel({0, 0, walk_.rows}, [&](std::int64_t begin, std::int64_t end) {
        if (windows_) {
          split(begin, end, [&](const Chunk& chunk) {
            code_windows(buffers, chunk, codes_of(buffers, chunk.begin - begin));
          });
        }
        product_->run(codes_of(buffers, windows_ ? 0 : begin), end - begin, sums_of(buffers, 0));
        split(begin, end, [&](const Chunk& chunk) {
          finish_rows(buffers, chunk, sums_of(buffers, chunk.begin - begin));
        });
      });
      return;
    }
    // Panels use the same memory one after the other, so that it stays in cache.
    split(0, walk_.rows, [&](const Chunk& chunk) {
      std::int32_t* sums = sums_of(buffers, chunk.begin);
      for_each_panel(chunk, [&](std::int64_t begin, std::int64_t end) {
        std::uint8_t* codes = codes_of(buffers, windows_ ? chunk.begin : begin);
        if (windows_) code_windows(buffers, {chunk.index, begin, end}, codes);
        product_->run(codes, end - begin, sums);
        finish_rows(buffers, {chunk.index, begin, end}, sums);
      });
    });
  }
  std::string name() const override { return product_->name(); }

 private:
  struct Chunk {
    std::int64_t index, begin, end;
  };
  struct Place {
    std::int64_t chunk, row;
  };

  template <typename Body>
  void split(std::int64_t begin, std::int64_t end, const Body& body) const {
    const std::int64_t rows = end - begin;
    const std::int64_t chunks = std::min<std::int64_t>(rows, threads_);
    parallel_for(threads_, chunks, [&](std::int64_t index) {
      body(Chunk{index, begin + rows * index / chunks, begin + rows * (index + 1) / chunks});
    });
  }

  template <typename Body>
  void for_each_panel(const Chunk& chunk, const Body& body) const {
    const std::int64_t panel = product_->panel_rows();
    for (std::int64_t begin = chunk.begin; begin < chunk.end; begin += panel) {
      body(begin, std::min(begin + panel, chunk.end));
    }
  }

  void finish_rows(Buffers buffers, const Chunk& chunk, const std::int32_t* sums) {
    RowCursor cursor(walk_, chunk.begin);
    for (std::int64_t row = chunk.begin; row < chunk.end; ++row, cursor.next()) {
      finish_row(buffers, sums, {chunk.index, row}, cursor);
      sums += columns_;
    }
  }

  void code_windows(Buffers buffers, const Chunk& rows, std::uint8_t* codes) {
    windows_->encode(buffers, {rows.index, rows.begin, rows.end}, codes);
  }
  std::uint8_t* codes_of(Buffers buffers, std::int64_t row) const {
    return data_of<std::uint8_t>(buffers, step_.in[0]) + row * step_.in[1].dims[1];
  }
  std::int32_t* sums_of(Buffers buffers, std::int64_t row) const {
    return data_of<std::int32_t>(buffers, *step_.scratch) + row * columns_;
  }

  void finish_row(Buffers buffers, const std::int32_t* sums, Place place, const RowCursor& cursor) {
    const bool codes_only = step_.out.dtype == DType::kU8;
    float* own = &values_[static_cast<std::size_t>(place.chunk * columns_)];
    float* y = codes_only ? own : data_of<float>(buffers, step_.out) + cursor.offset(0);
    const RowScale x = row_scale_of(op_.coding, buffers, place.row);
    const std::optional<View>& residual = step_.epilogue.residual;
    const std::optional<View>& codes = step_.epilogue.codes;
    float* product = residual ? own : y;  // the residual may lie where y will
    rows_.linear_epilogue(sums, columns_, x.scale, x.lo, constant(buffers, 2), constant(buffers, 3),
                          constant(buffers, special(place.row) ? 5 : 4), product);
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
      case Act::kSigmoid:
        for (std::int64_t i = 0; i < columns_; ++i) y[i] = 1.0F / (1.0F + std::exp(-y[i]));
        break;
    }
  }

  bool special(std::int64_t row) const {
    if (op_.row_period == 0) return false;
    const std::int64_t token = row % op_.row_period;
    return token >= op_.special_begin && token < op_.special_end;
  }
  const float* constant(Buffers buffers, std::size_t operand) const {
    return data_of<const float>(buffers, step_.in[operand]);
  }

  Step step_;
  step::IntegerLinear op_;
  int threads_;
  const Rows& rows_;
  std::unique_ptr<IntegerProduct> product_;
  std::int64_t columns_;
  RowWalk walk_;
  std::optional<RowCoder> coder_;
  std::optional<WindowCoder> windows_;
  std::vector<float> values_;  // a row for each thread
};

}  // namespace

std::unique_ptr<Kernel> make_integer_linear(const Step& step, const KernelContext& context,
                                            MakeProduct make) {
  if (!std::holds_alternative<step::IntegerLinear>(step.op)) return {};
  const std::int64_t k = step.in[1].dims[1];
  const IntegerProductShape shape = {step.in[0].dims.elements() / k, step.in[1].dims[0], k};
  std::unique_ptr<IntegerProduct> product = make(shape, step, context);
  if (!product) return {};
  return std::make_unique<IntegerLinearKernel>(step, context, std::move(product));
}

}  // namespace vitq
