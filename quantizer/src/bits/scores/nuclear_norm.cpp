// SPDX-License-Identifier: Apache-2.0
// Score "nuclear-norm" is that of the paper (Liu et al., NeurIPS 2021, section 3.4). It multiplies
// the nuclear norm of a module's result with the squared perturbation of that result. The result of
// an attention module is its attention map, that of any other module its output feature. Score
// "nuclear-norm-relative" has both factors in units of the result, so that maps of a few units and
// features of thousands can be added.
#include "bits/scores/nuclear_norm.h"

#include <Eigen/Eigenvalues>
#include <cmath>
#include <map>

#include "base/parallel.h"
#include "bits/scores/list.h"
#include "layer/attention_map.h"

namespace vitq {
namespace {

// What a module gives for one image: the maps of its heads, or one feature.
using Result = std::vector<Matrix>;

double squares(const Result& result) {
  double sum = 0.0;
  for (const Matrix& m : result) {
    for (const float v : m.values) sum += static_cast<double>(v) * static_cast<double>(v);
  }
  return sum;
}

double squared_distance(const Result& a, const Result& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < a[i].values.size(); ++j) {
      const auto d = static_cast<double>(a[i].values[j]) - static_cast<double>(b[i].values[j]);
      sum += d * d;
    }
  }
  return sum;
}

Matrix feature(const Tensor& value) {
  const Shape& shape = value.shape();
  // A feature map [1, C, H, W] becomes [C, H * W]; all else becomes [tokens, channels].
  const std::int64_t rows = shape.rank() == 4 ? shape[1] : shape.elements() / shape[-1];
  Matrix matrix(rows, shape.elements() / rows);
  const std::span<const float> values = value.as<float>();
  matrix.values.assign(values.begin(), values.end());
  return matrix;
}

class NuclearNorm : public Score {
 public:
  explicit NuclearNorm(bool relative) : relative_(relative) {}

  double loss(const SensitivityRuns& runs, const QuantizedGroup& quantized) override {
    const std::vector<Result> wanted =
        results(runs, {quantized.group, runs.network().weights, Scheme::float32()});
    const std::vector<Result> found = results(runs, quantized);
    const std::vector<double>& norms = norms_of(runs, quantized.group, wanted);
    std::vector<double> losses;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const double distance = squared_distance(wanted[i], found[i]);
      const double energy = relative_ ? std::max(squares(wanted[i]), 1e-30) : 1.0;
      losses.push_back(norms[i] / std::sqrt(energy) * distance / energy);
    }
    return mean_loss(losses);
  }

 private:
  // Runs every image, and keeps the result of each.
  static std::vector<Result> results(const SensitivityRuns& runs, const QuantizedGroup& quantized) {
    std::vector<Result> all(static_cast<std::size_t>(runs.images()));
    const Unit* attention = quantized.group.attention();
    if (attention == nullptr) {
      const NodeId node = quantized.group.units.back().plan.node;
      runs.run({&node, 1}, quantized.weights, quantized.scheme,
               [&](std::int64_t image, std::span<const Tensor> values) {
                 all[static_cast<std::size_t>(image)] = {feature(values[0])};
               });
      return all;
    }
    const NodeId operands[] = {attention->operand, attention->key};
    runs.run(operands, quantized.weights, quantized.scheme,
             [&](std::int64_t image, std::span<const Tensor> values) {
               all[static_cast<std::size_t>(image)] =
                   maps(runs.network().graph, *attention, values, quantized.scheme);
             });
    return all;
  }

  static Result maps(const Graph& graph, const Unit& attention, std::span<const Tensor> values,
                     const Scheme& scheme) {
    const auto of_one = [](const Tensor& t) {
      return t.reshaped({t.shape()[1], t.shape()[2], t.shape()[3]});
    };
    const Tensor query = of_one(values[0]);
    const Tensor key = of_one(values[1]);
    const float scale = std::get<op::MatMul>(graph[attention.plan.node].op).scale;
    const QParams* coded = scheme.find({attention.plan.node, 0});
    if (coded == nullptr) return attention_maps({query, key, Tensor{}}, scale);
    const RowSpan output = {attention.output_tokens.begin, attention.output_tokens.end};
    return coded_attention_maps(query, key, scale,
                                {*coded, *scheme.find({attention.plan.node, 1}),
                                 *scheme.find({attention.plan.output, 0}), output});
  }

  // The norms are the same for all bits.
  const std::vector<double>& norms_of(const SensitivityRuns& runs, const Group& group,
                                      const std::vector<Result>& results) {
    std::vector<double>& norms = norms_[group.units.front().plan.node];
    if (!norms.empty()) return norms;
    norms.resize(results.size());
    parallel_for(runs.threads(), runs.images(), [&](std::int64_t i) {
      const auto image = static_cast<std::size_t>(i);
      for (const Matrix& m : results[image]) norms[image] += nuclear_norm(m);
    });
    return norms;
  }

  bool relative_;
  std::map<NodeId, std::vector<double>> norms_;  // by the group's first node, of each image
};

}  // namespace

double nuclear_norm(const Matrix& matrix) {
  using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Eigen::Map<const RowMajor> values(matrix.values.data(), matrix.rows, matrix.cols);
  const Eigen::MatrixXd exact = values.cast<double>();
  // The smaller of the two Gram matrices has the squares of all singular values.
  const bool wide = matrix.rows < matrix.cols;
  const Eigen::MatrixXd gram = wide ? Eigen::MatrixXd(exact * exact.transpose())
                                    : Eigen::MatrixXd(exact.transpose() * exact);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(gram, Eigen::EigenvaluesOnly);
  return solver.eigenvalues().cwiseMax(0.0).cwiseSqrt().sum();
}

std::unique_ptr<Score> make_nuclear_norm(const Judge& /*judge*/) {
  return std::make_unique<NuclearNorm>(false);
}

std::unique_ptr<Score> make_nuclear_norm_relative(const Judge& /*judge*/) {
  return std::make_unique<NuclearNorm>(true);
}

}  // namespace vitq
