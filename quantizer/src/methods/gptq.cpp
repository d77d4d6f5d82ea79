// SPDX-License-Identifier: Apache-2.0
// Method "gptq" (arXiv:2210.17323): {"damping": 0.01, "ridge": 0.003, "few_ridge": 0.01,
// "generated_ridge": 0.3}. It rounds the columns one by one, those with the largest inputs first.
// The columns still to come make up for the error of each.
#include <Eigen/Cholesky>

#include "layer/rounding.h"
#include "methods/list.h"

namespace vitq {
namespace {

using Dense = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Gives the upper triangular U with U^T U = (gram + damping)^-1, columns in `order`. Each row is
// divided by its diagonal element. The Cholesky factor of the inverse is the inverse factor of the
// reversed matrix, reversed.
Matrix feedback(const Matrix& gram, const std::vector<std::int64_t>& order, double damping) {
  const auto k = static_cast<Eigen::Index>(order.size());
  Dense reversed(k, k);
  for (Eigen::Index i = 0; i < k; ++i) {
    for (Eigen::Index j = 0; j < k; ++j) {
      const std::int64_t row = order[static_cast<std::size_t>(k - 1 - i)];
      const std::int64_t col = order[static_cast<std::size_t>(k - 1 - j)];
      reversed(i, j) = static_cast<double>(gram.row(row)[static_cast<std::size_t>(col)]);
    }
  }
  reversed.diagonal().array() += damping * reversed.diagonal().mean() + 1e-30;
  const Eigen::LLT<Dense> factor(reversed);
  const Dense inverse = factor.matrixL().solve(Dense::Identity(k, k));
  Matrix result(k, k);
  for (Eigen::Index i = 0; i < k; ++i) {
    for (Eigen::Index j = i; j < k; ++j) {
      result.row(i)[static_cast<std::size_t>(j)] =
          static_cast<float>(inverse(k - 1 - i, k - 1 - j) / inverse(k - 1 - i, k - 1 - i));
    }
  }
  return result;
}

class Gptq : public Method {
 public:
  Gptq(double damping, const GramRidge& ridge) : damping_(damping), ridge_(ridge) {}

  void fit_layer(LayerDraft& layer, LayerData& data) const override {
    const Matrix gram = steadied_gram(layer, data, ridge_);
    const std::vector<std::int64_t> order = by_falling_diagonal(gram);
    const Matrix back = feedback(gram, order, damping_);
    layer.codes.resize(layer.goal.values.size());
    const CodeGrid grid(layer);
    for_row_groups(data.threads(), layer.goal.rows, [&](const RowSpan& rows) {
      round_rows(layer, rows, grid, {order, back});
    });
  }

 private:
  // In which order columns are rounded, and how later ones make up for each.
  struct Feedback {
    const std::vector<std::int64_t>& order;
    const Matrix& shares;
  };

  static void round_rows(LayerDraft& layer, const RowSpan& rows, const CodeGrid& grid,
                         const Feedback& feedback) {
    const std::vector<std::int64_t>& order = feedback.order;
    const std::size_t k = order.size();
    Matrix left(rows.count(), layer.goal.cols);
    for (std::int64_t row = 0; row < left.rows; ++row) {
      const std::span<const float> goal = layer.goal.row(rows.begin + row);
      for (std::size_t j = 0; j < k; ++j) {
        left.row(row)[j] = goal[static_cast<std::size_t>(order[j])];
      }
    }
    for (std::size_t j = 0; j < k; ++j) {
      const std::span<const float> share = feedback.shares.row(static_cast<std::int64_t>(j));
      for (std::int64_t row = 0; row < left.rows; ++row) {
        const float scale = layer.scale[static_cast<std::size_t>(rows.begin + row)];
        const std::span<float> rest = left.row(row);
        const float code = grid.nearest(rest[j] * (1.0F / scale));
        layer.codes[static_cast<std::size_t>((rows.begin + row) * layer.goal.cols + order[j])] =
            static_cast<std::int16_t>(code);
        const float error = rest[j] - code * scale;
        for (std::size_t i = j + 1; i < k; ++i) rest[i] -= error * share[i];
      }
    }
  }

  double damping_;
  GramRidge ridge_;
};

}  // namespace

std::unique_ptr<const Method> make_gptq(Settings& settings) {
  const double damping = settings.number("damping", 0.01, 0.0, 1.0);
  return std::make_unique<Gptq>(damping, GramRidge::from(settings));
}

}  // namespace vitq
