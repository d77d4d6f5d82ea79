// SPDX-License-Identifier: Apache-2.0
// The mean over the tokens of each image.
#include "kernels/mean.h"

#include <algorithm>

#include "core/parallel.h"
#include "plan/views.h"

namespace vitq {
namespace {

// Threads share blocks of channels. A channel's tokens are added in their order by one thread, so
// the result does not depend on the number of threads.
class MeanKernel : public Kernel {
 public:
  MeanKernel(const View& x, const View& out) : x_(x), out_(out) {}

  void run(const Run& run) const noexcept override {
    const std::int64_t blocks = (x_.dims[2] + kBlock - 1) / kBlock;
    parallel_for(run.team, x_.dims[0] * blocks, [&](std::int64_t index) {
      run_block(run.buffers, index / blocks, index % blocks * kBlock);
    });
  }
  std::string name() const override { return "mean"; }

 private:
  static constexpr std::int64_t kBlock = 64;

  void run_block(Buffers buffers, std::int64_t image, std::int64_t begin) const {
    const std::int64_t count = std::min(kBlock, x_.dims[2] - begin);
    double sums[kBlock] = {};
    const float* row = data_of<const float>(buffers, x_) + image * x_.strides[0] + begin;
    for (std::int64_t t = 0; t < x_.dims[1]; ++t, row += x_.strides[1]) {
      for (std::int64_t c = 0; c < count; ++c) sums[c] += static_cast<double>(row[c]);
    }
    float* mean = data_of<float>(buffers, out_) + image * out_.strides[0] + begin;
    const auto tokens = static_cast<double>(x_.dims[1]);
    for (std::int64_t c = 0; c < count; ++c) mean[c] = static_cast<float>(sums[c] / tokens);
  }

  View x_, out_;
};

}  // namespace

std::unique_ptr<Kernel> make_mean(const Step& step, const KernelContext&) {
  const auto* mean = std::get_if<step::Mean>(&step.op);
  if (mean == nullptr) return {};
  return std::make_unique<MeanKernel>(mean->x, step.out);
}

}  // namespace vitq
