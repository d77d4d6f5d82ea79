// SPDX-License-Identifier: Apache-2.0
// Score "measured" is the loss of the network's answers with only this group quantized.
#include "bits/scores/list.h"

namespace vitq {
namespace {

class Measured : public Score {
 public:
  explicit Measured(const Judge& judge) : judge_(judge) {}

  double loss(const SensitivityRuns& runs, const QuantizedGroup& quantized) override {
    std::vector<double> losses(static_cast<std::size_t>(runs.images()));
    runs.run(runs.answers(), quantized.weights, quantized.scheme,
             [&](std::int64_t image, std::span<const Tensor> values) {
               losses[static_cast<std::size_t>(image)] = judge_.loss(image, values);
             });
    return mean_loss(losses);
  }

 private:
  const Judge& judge_;
};

}  // namespace

std::unique_ptr<Score> make_measured(const Judge& judge) {
  return std::make_unique<Measured>(judge);
}

}  // namespace vitq
