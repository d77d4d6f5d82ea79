// SPDX-License-Identifier: Apache-2.0
// The largest values of windows, for all channels of a pixel at a time.
#include <algorithm>
#include <limits>

#include "core/parallel.h"
#include "kernels/blocked/blocked.h"
#include "plan/views.h"

namespace vitq {
namespace {

class BlockedPool : public Kernel {
 public:
  BlockedPool(const step::MaxPool& op, const View& out) : op_(op), out_(out) {}

  void run(const Run& run) const noexcept override {
    const Shape& dims = out_.dims;
    parallel_for(run.team, dims[0] * dims[2], [&](std::int64_t row) {
      const std::int64_t image = row / dims[2];
      const std::int64_t y = row % dims[2];
      const float* from = data_of<const float>(run.buffers, op_.x) + image * op_.x.strides[0];
      float* to = data_of<float>(run.buffers, out_) + image * out_.strides[0] + y * out_.strides[2];
      for (std::int64_t x = 0; x < dims[3]; ++x, to += out_.strides[3]) window(from, y, x, to);
    });
  }
  std::string name() const override { return "blocked"; }

 private:
  void window(const float* image, std::int64_t y, std::int64_t x, float* to) const {
    const std::int64_t channels = out_.dims[1];
    const std::int64_t top = y * op_.pool.stride - op_.pool.pad;
    const std::int64_t left = x * op_.pool.stride - op_.pool.pad;
    const std::int64_t bottom = std::min(top + op_.pool.kernel, op_.x.dims[2]);
    const std::int64_t right = std::min(left + op_.pool.kernel, op_.x.dims[3]);
    std::fill(to, to + channels, -std::numeric_limits<float>::infinity());
    for (std::int64_t i = std::max<std::int64_t>(top, 0); i < bottom; ++i) {
      for (std::int64_t j = std::max<std::int64_t>(left, 0); j < right; ++j) {
        const float* from = image + i * op_.x.strides[2] + j * op_.x.strides[3];
        for (std::int64_t c = 0; c < channels; ++c) to[c] = std::max(to[c], from[c]);
      }
    }
  }

  step::MaxPool op_;
  View out_;
};

}  // namespace

std::unique_ptr<Kernel> make_blocked_pool(const Step& step, const KernelContext&) {
  const auto* op = std::get_if<step::MaxPool>(&step.op);
  if (op == nullptr || op->x.strides[1] != 1 || step.out.strides[1] != 1) return {};
  return std::make_unique<BlockedPool>(*op, step.out);
}

}  // namespace vitq
