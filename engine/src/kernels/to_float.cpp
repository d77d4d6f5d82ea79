// SPDX-License-Identifier: Apache-2.0
// What an integer-only network ends with: its answers as floats.
#include <cmath>

#include "core/parallel.h"
#include "kernels/integer_only/kernels.h"
#include "plan/fixed_point.h"

namespace vitq {
namespace {

class ToFloatKernel : public Kernel {
 public:
  ToFloatKernel(const View& x, const View& out) : x_(x), out_(out) {}

  void run(const Run& run) const noexcept override {
    const auto* x = data_of<const std::int32_t>(run.buffers, x_);
    float* out = data_of<float>(run.buffers, out_);
    parallel_chunks(run.team, out_.dims.elements(),
                    [&](std::int64_t, std::int64_t begin, std::int64_t end) {
                      for (std::int64_t i = begin; i < end; ++i) {
                        out[i] = std::ldexp(static_cast<float>(x[i]), -kFraction);
                      }
                    });
  }
  std::string name() const override { return "to float"; }

 private:
  View x_, out_;  // dense
};

}  // namespace

std::unique_ptr<Kernel> make_to_float(const Step& step, const KernelContext&) {
  const auto* op = std::get_if<step::ToFloat>(&step.op);
  if (op == nullptr) return {};
  return std::make_unique<ToFloatKernel>(op->x, step.out);
}

}  // namespace vitq
