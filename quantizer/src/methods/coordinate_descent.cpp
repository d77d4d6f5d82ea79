// SPDX-License-Identifier: Apache-2.0
// Method "coordinate_descent": {"count": 2, "ridge": 0.003, "few_ridge": 0.01}. It lowers the error
// (s w - goal) H (s w - goal)^T of each output channel. First it takes the best scale for the
// codes, then the best value of each code in turn, given all others. No step can raise the error.
#include <algorithm>
#include <cmath>

#include "base/parallel.h"
#include "layer/rounding.h"
#include "methods/list.h"

namespace vitq {
namespace {

double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i)
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

// Gives row * gram.
std::vector<float> times(std::span<const float> row, const Matrix& gram) {
  std::vector<float> result(row.size(), 0.0F);
  for (std::size_t i = 0; i < row.size(); ++i) {
    const std::span<const float> h = gram.row(static_cast<std::int64_t>(i));
    for (std::size_t j = 0; j < result.size(); ++j) result[j] += row[i] * h[j];
  }
  return result;
}

// Holds the codes w and the goal g of one output channel, with w H and g H kept up to date.
class Descent {
 public:
  Descent(const Matrix& gram, std::span<const float> goal, std::span<const std::int16_t> codes)
      : gram_(gram),
        codes_(codes.begin(), codes.end()),
        codes_gram_(times(codes_, gram)),
        goal_gram_(times(goal, gram)) {}

  float best_scale(float scale) const {
    const double codes = dot(codes_, codes_gram_);
    if (codes <= 0.0) return scale;
    const double best = dot(codes_, goal_gram_) / codes;
    // A sign or size far off comes from a channel that is next to nothing.
    return best > 0.3 * static_cast<double>(scale) && best < 3.0 * static_cast<double>(scale)
               ? static_cast<float>(best)
               : scale;
  }

  // Returns whether a code has changed.
  bool sweep(float scale, const CodeGrid& grid, std::span<const std::int64_t> order) {
    bool changed = false;
    for (const std::int64_t input : order) {
      const auto j = static_cast<std::size_t>(input);
      const std::span<const float> h = gram_.row(input);
      const float slope = scale * codes_gram_[j] - goal_gram_[j];
      const float code = grid.nearest(codes_[j] - slope / (h[j] * scale));
      const float step = code - codes_[j];
      if (step == 0.0F) continue;
      for (std::size_t i = 0; i < codes_gram_.size(); ++i) codes_gram_[i] += step * h[i];
      codes_[j] = code;
      changed = true;
    }
    return changed;
  }

  const std::vector<float>& codes() const { return codes_; }

 private:
  const Matrix& gram_;
  std::vector<float> codes_, codes_gram_, goal_gram_;
};

class CoordinateDescent : public Method {
 public:
  CoordinateDescent(int count, double ridge, double few_ridge)
      : count_(count), ridge_(ridge), few_ridge_(few_ridge) {}

  void fit_layer(LayerDraft& layer, LayerData& data) const override {
    const Matrix gram = steadied_gram(layer, data, ridge_, few_ridge_);
    const std::vector<std::int64_t> order = by_falling_diagonal(gram);
    const CodeGrid grid(layer);
    parallel_for(data.threads(), layer.goal.rows, [&](std::int64_t o) {
      improve_row(layer, o, {gram, order, grid});
    });
  }

 private:
  struct Shared {
    const Matrix& gram;
    const std::vector<std::int64_t>& order;
    const CodeGrid& grid;
  };

  void improve_row(LayerDraft& layer, std::int64_t o, const Shared& shared) const {
    const auto k = static_cast<std::size_t>(layer.goal.cols);
    const auto row = static_cast<std::size_t>(o);
    const std::span<std::int16_t> codes = std::span(layer.codes).subspan(row * k, k);
    Descent descent(shared.gram, layer.goal.row(o), codes);
    float scale = layer.scale[row];
    for (int i = 0; i < count_; ++i) {
      scale = descent.best_scale(scale);
      if (!descent.sweep(scale, shared.grid, shared.order)) break;
    }
    layer.scale[row] = scale;
    std::transform(descent.codes().begin(), descent.codes().end(), codes.begin(),
                   [](float code) { return static_cast<std::int16_t>(code); });
  }

  int count_;
  double ridge_, few_ridge_;
};

}  // namespace

std::unique_ptr<const Method> make_coordinate_descent(Settings& settings) {
  const auto count = static_cast<int>(settings.integer("count", 2, 100));
  const double ridge = settings.number("ridge", 0.003, 0.0, 1.0);
  const double few_ridge = settings.number("few_ridge", 0.01, 0.0, 1.0);
  return std::make_unique<CoordinateDescent>(count, ridge, few_ridge);
}

}  // namespace vitq
