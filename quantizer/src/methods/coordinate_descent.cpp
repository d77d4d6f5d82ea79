// SPDX-License-Identifier: Apache-2.0
// Method "coordinate_descent": {"count": 2, "ridge": 0.003, "few_ridge": 0.01,
// "generated_ridge": 0.3}. It lowers the error (s w - goal) H (s w - goal)^T of each output
// channel. First it takes the best scale for the codes, then the best value of each code in turn,
// given all others. No step can raise the error.
#include <algorithm>
#include <cmath>

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

// How many rows of the Gram matrix are added at a time, so that a sum is loaded and stored once.
constexpr std::int64_t kDepth = 4;

// Adds factor * row of each of the kDepth or fewer rows of h to the sums, one after another.
void add_rows(std::span<const float> factors, const float* h, std::int64_t stride,
              std::span<float> sums) {
  if (factors.size() == kDepth) {
    const float *h1 = h + stride, *h2 = h1 + stride, *h3 = h2 + stride;
    const float a = factors[0], b = factors[1], c = factors[2], d = factors[3];
    for (std::size_t j = 0; j < sums.size(); ++j) {
      sums[j] = (((sums[j] + a * h[j]) + b * h1[j]) + c * h2[j]) + d * h3[j];
    }
    return;
  }
  for (const float factor : factors) {
    for (std::size_t j = 0; j < sums.size(); ++j) sums[j] += factor * h[j];
    h += stride;
  }
}

// Gives rows [few, k] * gram. Each sum runs in rising order.
Matrix times(const Matrix& rows, const Matrix& gram) {
  constexpr std::int64_t kColumns = 1024;  // parts of the Gram matrix that stay in the first cache
  Matrix result(rows.rows, rows.cols);
  for (std::int64_t begin = 0; begin < rows.cols; begin += kColumns) {
    const auto first = static_cast<std::size_t>(begin);
    const auto count = static_cast<std::size_t>(std::min(kColumns, rows.cols - begin));
    const auto add = [&](std::int64_t i, std::int64_t row) {
      const auto depth = static_cast<std::size_t>(std::min(kDepth, rows.cols - i));
      add_rows(rows.row(row).subspan(static_cast<std::size_t>(i), depth),
               gram.row(i).data() + begin, gram.cols, result.row(row).subspan(first, count));
    };
    for (std::int64_t i = 0; i < rows.cols; i += kDepth) {
      for (std::int64_t row = 0; row < rows.rows; ++row) add(i, row);
    }
  }
  return result;
}

// Holds the codes w of one output channel, with w H kept up to date, and g H of its goal g.
class Descent {
 public:
  Descent(const Matrix& gram, std::span<float> codes, std::span<float> codes_gram,
          std::span<const float> goal_gram)
      : gram_(gram), codes_(codes), codes_gram_(codes_gram), goal_gram_(goal_gram) {}

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

 private:
  const Matrix& gram_;
  std::span<float> codes_, codes_gram_;
  std::span<const float> goal_gram_;
};

class CoordinateDescent : public Method {
 public:
  CoordinateDescent(int count, const GramRidge& ridge) : count_(count), ridge_(ridge) {}

  void fit_layer(LayerDraft& layer, LayerData& data) const override {
    const Matrix gram = steadied_gram(layer, data, ridge_);
    const std::vector<std::int64_t> order = by_falling_diagonal(gram);
    const CodeGrid grid(layer);
    for_row_groups(data.threads(), layer.goal.rows, [&](const RowSpan& rows) {
      improve_rows(layer, rows, {gram, order, grid});
    });
  }

 private:
  struct Shared {
    const Matrix& gram;
    const std::vector<std::int64_t>& order;
    const CodeGrid& grid;
  };

  void improve_rows(LayerDraft& layer, const RowSpan& rows, const Shared& shared) const {
    const std::int64_t k = layer.goal.cols;
    const std::int64_t count = rows.count();
    Matrix goals(count, k), codes(count, k);
    std::copy_n(layer.goal.row(rows.begin).data(), count * k, goals.values.data());
    std::int16_t* kept = layer.codes.data() + rows.begin * k;
    std::copy_n(kept, count * k, codes.values.data());
    const Matrix goals_gram = times(goals, shared.gram);
    Matrix codes_gram = times(codes, shared.gram);
    for (std::int64_t row = 0; row < count; ++row) {
      Descent descent(shared.gram, codes.row(row), codes_gram.row(row), goals_gram.row(row));
      improve(descent, layer.scale[static_cast<std::size_t>(rows.begin + row)], shared);
    }
    std::transform(codes.values.begin(), codes.values.end(), kept,
                   [](float code) { return static_cast<std::int16_t>(code); });
  }

  void improve(Descent& descent, float& scale, const Shared& shared) const {
    for (int i = 0; i < count_; ++i) {
      scale = descent.best_scale(scale);
      if (!descent.sweep(scale, shared.grid, shared.order)) break;
    }
  }

  int count_;
  GramRidge ridge_;
};

}  // namespace

std::unique_ptr<const Method> make_coordinate_descent(Settings& settings) {
  const auto count = static_cast<int>(settings.integer("count", 2, 100));
  return std::make_unique<CoordinateDescent>(count, GramRidge::from(settings));
}

}  // namespace vitq
