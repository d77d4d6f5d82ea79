// SPDX-License-Identifier: Apache-2.0
// Linear layers, and convolutions as linear layers on patches.
#include <algorithm>
#include <optional>
#include <vector>

#include "core/parallel.h"
#include "kernels/activate.h"
#include "kernels/blocked/blocked.h"
#include "kernels/blocked/sources.h"
#include "kernels/select.h"
#include "kernels/workspace.h"

namespace vitq {
namespace {

bool has_contiguous_rows(const View& view) {
  return view.dims[-1] == 1 || view.strides[static_cast<std::size_t>(view.dims.rank() - 1)] == 1;
}

// What follows the product, with views [..., n] whose rows are contiguous.
struct Finish {
  View out;
  std::optional<View> bias;  // [n]
  std::optional<View> residual;
  Act act = Act::kNone;

  std::vector<View> walked() const {
    std::vector<View> views = {out};
    if (residual) views.push_back(*residual);
    return views;
  }
  bool applies() const { return std::ranges::all_of(walked(), has_contiguous_rows); }
};

template <typename Source>
class BlockedLayer : public Kernel {
 public:
  // `weights` are packed as `product` does it.
  BlockedLayer(const Source& source, const Finish& finish, const FloatProduct& product,
               Tensor weights, const KernelContext& context)
      : source_(source),
        finish_(finish),
        product_(product),
        weights_(std::move(weights)),
        threads_(context.threads),
        rows_(context.rows),
        columns_(finish.out.dims[-1]),
        walk_(walk_rows(finish.walked())) {
    const std::int64_t chunks = std::min<std::int64_t>(threads_, walk_.rows);
    block_ = std::min(product_.block_rows(), (walk_.rows + chunks - 1) / chunks);
    sums_ = layout_.add<float>(block_ * columns_);
    left_ = layout_.add<float>(source_.copies() ? block_ * product_.depth() : 0);
  }

  std::int64_t workspace_bytes() const override { return layout_.bytes(threads_); }
  void run(const Run& run) const noexcept override {
    parallel_chunks(run.team, walk_.rows,
                    [&](std::int64_t thread, std::int64_t begin, std::int64_t end) {
                      run_rows(run.buffers, layout_.slot(run.workspace, thread), begin, end);
                    });
  }
  std::string name() const override { return product_.name(); }

 private:
  void run_rows(Buffers buffers, std::byte* slot, std::int64_t begin, std::int64_t end) const {
    float* sums = sums_.in(slot);
    RowCursor cursor(walk_, begin);
    for (std::int64_t row = begin; row < end; row += block_) {
      const std::int64_t rows = std::min(block_, end - row);
      const auto left = [&](std::int64_t first, std::int64_t count) {
        return source_.block(buffers, {row, rows, first, count}, left_.in(slot));
      };
      product_.multiply(rows, left, weights_.as<float>().data(), sums);
      for (std::int64_t i = 0; i < rows; ++i, cursor.next()) {
        finish_row(buffers, cursor, sums + i * columns_);
      }
    }
  }

  // The residual may lie where the result will: it is read before.
  void finish_row(Buffers buffers, const RowCursor& cursor, float* sums) const {
    const auto add = [&](const View& view, std::int64_t offset) {
      rows_.add(sums, data_of<const float>(buffers, view) + offset, columns_, sums);
    };
    if (finish_.bias) add(*finish_.bias, 0);
    if (finish_.residual) add(*finish_.residual, cursor.offset(1));
    activate_row(rows_, finish_.act, sums, columns_,
                 data_of<float>(buffers, finish_.out) + cursor.offset(0));
  }

  Source source_;
  Finish finish_;
  FloatProduct product_;
  Tensor weights_;
  int threads_;
  const RowKernels& rows_;
  std::int64_t columns_;
  RowWalk walk_;
  std::int64_t block_ = 0;  // rows at a time
  WorkspaceLayout layout_;
  Part<float> sums_;  // a block
  Part<float> left_;  // a block along k
};

Tensor pack_weights(const FloatProduct& product, const FloatMatrix& weights) {
  Tensor result({product.packed_floats()}, DType::kF32);
  product.pack(weights, result.as<float>().data());
  return result;
}

// [O, C, kh, kw] as [O, kh, kw, C].
std::vector<float> channels_last(const Tensor& weights, const View& view) {
  std::vector<float> result;
  result.reserve(static_cast<std::size_t>(view.dims.elements()));
  const float* from = weights.as<float>().data();
  for (std::int64_t o = 0; o < view.dims[0]; ++o) {
    for (std::int64_t y = 0; y < view.dims[2]; ++y) {
      for (std::int64_t x = 0; x < view.dims[3]; ++x) {
        for (std::int64_t c = 0; c < view.dims[1]; ++c) {
          result.push_back(from[o * view.strides[0] + c * view.strides[1] + y * view.strides[2] +
                                x * view.strides[3]]);
        }
      }
    }
  }
  return result;
}

}  // namespace

std::unique_ptr<Kernel> make_blocked_linear(const Step& step, const KernelContext& context) {
  const auto* op = std::get_if<step::Linear>(&step.op);
  if (op == nullptr || !context.is_constant(op->weight)) return {};
  const Finish finish = {step.out, op->bias, step.epilogue.residual, step.epilogue.act};
  if (!has_contiguous_rows(op->x) || !finish.applies()) return {};
  const RowSource source(op->x);
  const FloatProduct product(float_gemm(cpu()), op->weight.dims[0], source.columns());
  const Tensor& weights = context.constant(op->weight);
  return std::make_unique<BlockedLayer<RowSource>>(
      source, finish, product,
      context.packed<Tensor>(weights, "blocked linear",
                             [&] {
                               return pack_weights(
                                   product, {weights.as<float>().data(), op->weight.strides[1],
                                             op->weight.strides[0]});
                             }),
      context);
}

std::unique_ptr<Kernel> make_blocked_conv(const Step& step, const KernelContext& context) {
  const auto* op = std::get_if<step::Conv2d>(&step.op);
  if (op == nullptr || !context.is_constant(op->weight)) return {};
  Finish finish = {permuted(step.out, kChannelsLast), op->bias, step.epilogue.residual,
                   step.epilogue.act};
  if (finish.residual) finish.residual = permuted(*finish.residual, kChannelsLast);
  if (!has_contiguous_rows(permuted(op->x, kChannelsLast)) || !finish.applies()) return {};
  const PatchSource source(*op, step.out);
  const FloatProduct product(float_gemm(cpu()), op->weight.dims[0], source.columns());
  const Tensor& weights = context.constant(op->weight);
  return std::make_unique<BlockedLayer<PatchSource>>(
      source, finish, product,
      context.packed<Tensor>(weights, "blocked conv",
                             [&] {
                               const std::vector<float> patches =
                                   channels_last(weights, op->weight);
                               return pack_weights(product, {patches.data(), 1, source.columns()});
                             }),
      context);
}

}  // namespace vitq
