// SPDX-License-Identifier: Apache-2.0
// Method "ridge": {"strength": 0.1, "share": 1}. It moves the goal towards the weights that best
// give the target from the quantized inputs: goal + C (H + lambda I)^-1. C is the product of what
// is missing with the inputs, and H is their Gram matrix. Lambda is the strength times the mean
// diagonal of H. Only the share of that move is made, because what calibration finds missing is
// partly noise. A layer with few rows stays as it is. So does one whose inputs stand still, like
// the first attention among a DETR's queries: its Gram matrix is nothing but rounding.
#include <Eigen/Cholesky>
#include <numeric>

#include "methods/list.h"

namespace vitq {
namespace {

using Dense = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Floats = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Eigen::Map<const Floats> view(const Matrix& m) {
  return {m.values.data(), m.rows, m.cols};
}

bool stand_still(const Moments& moments, double spread) {
  constexpr double kRounding = 1e-10;
  const std::vector<float>& mean = moments.input_mean;
  const double square = std::inner_product(mean.begin(), mean.end(), mean.begin(), 0.0);
  return spread <= kRounding * square / static_cast<double>(mean.size());
}

class Ridge : public Method {
 public:
  Ridge(double strength, double share) : strength_(strength), share_(share) {}

  void fit_layer(LayerDraft& layer, LayerData& data) const override {
    if (data.source().background) return;
    const Moments& moments = data.moments(layer, Cross::kYes);
    Dense gram = view(moments.gram).cast<double>();
    const double spread = gram.diagonal().mean();
    if (stand_still(moments, spread)) return;
    const Dense goal = view(layer.goal).cast<double>();
    const Dense missing = view(moments.cross).cast<double>() - goal * gram;
    gram.diagonal().array() += strength_ * spread;
    const Dense moved = goal + share_ * gram.llt().solve(missing.transpose()).transpose();
    Eigen::Map<Floats>(layer.goal.values.data(), layer.goal.rows, layer.goal.cols) =
        moved.cast<float>();
  }

 private:
  double strength_, share_;
};

}  // namespace

std::unique_ptr<const Method> make_ridge(Settings& settings) {
  return std::make_unique<Ridge>(settings.number("strength", 0.1, 1e-6, 1e3),
                                 settings.number("share", 1.0, 0.0, 2.0));
}

}  // namespace vitq
