// SPDX-License-Identifier: Apache-2.0
// The paper's search for the two products of an attention.
#include <algorithm>
#include <cstddef>

#include "attention_rows.h"
#include "correlation.h"
#include "product.h"
#include "symmetric.h"

namespace vitq {
namespace {

constexpr std::uint64_t kPairSeed = 1;

// One operand of an attention's product, per image and head, and how it is coded.
struct Operand {
  const std::vector<Matrix>& values;
  CodeRange codes;
};

void append(Matrix& all, const Matrix& part, float factor) {
  all.cols = part.cols;
  all.rows += part.rows;
  for (const float v : part.values) all.values.push_back(factor * v);
}

// factor a b^T of every image and head, one below the other.
Matrix products(const std::vector<Matrix>& a, const std::vector<Matrix>& b, float factor) {
  Matrix all;
  for (std::size_t i = 0; i < a.size(); ++i) append(all, product_transposed(a[i], b[i]), factor);
  return all;
}

// The same with both in codes of these scales.
Matrix coded_products(const Operand& a, const Operand& b, Scales scales, float factor) {
  Matrix all;
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    const Matrix left = symmetric_codes(a.values[i], scales.first, a.codes);
    const Matrix right = symmetric_codes(b.values[i], scales.second, b.codes);
    append(all, product_transposed(left, right), factor * scales.first * scales.second);
  }
  return all;
}

ScaleSearch steps_of(const CorrelationSettings& settings) {
  ScaleSearch steps = settings.search;
  if (!settings.similarity) steps.rounds = 0;
  return steps;
}

}  // namespace

Found search_logits(const AttentionRows& rows, int bits, const CorrelationSettings& settings) {
  const Matrix wanted = products(rows.query, rows.key, rows.scale);
  Ranking ranking = {.columns = wanted.cols, .theta = settings.theta};
  if (settings.ranking) ranking.pairs = sample_pairs(wanted.cols, settings.pairs, kPairSeed);
  const Operand query = {rows.query, input_codes(bits)};
  const Operand key = {rows.key, weight_codes(bits)};
  const auto score = [&](Scales s) {
    const Matrix got = coded_products(query, key, s, rows.scale);
    return mean_pearson(wanted.values, got.values, {rows.image}) -
           settings.gamma * ranking_loss(wanted.values, got.values, ranking);
  };
  const Scales start = {max_scale(rows.query_max, query.codes), max_scale(rows.key_max, key.codes)};
  return search_scales(start, steps_of(settings), {.score = score});
}

Found search_output(const AttentionRows& rows, int bits, const CorrelationSettings& settings) {
  std::vector<Matrix> probabilities;
  float most = 0.0F;
  for (std::size_t i = 0; i < rows.query.size(); ++i) {
    probabilities.push_back(attention_probabilities(rows.query[i], rows.key[i], rows.scale));
    most = std::max(most, largest_magnitude(probabilities.back().values));
  }
  const Matrix wanted = products(probabilities, rows.value, 1.0F);
  const Operand probability = {probabilities, probability_codes(bits)};
  const Operand value = {rows.value, weight_codes(bits)};
  const auto score = [&](Scales s) {
    const Matrix got = coded_products(probability, value, s, 1.0F);
    return mean_pearson(wanted.values, got.values, {rows.image});
  };
  const Scales start = {max_scale(most, probability.codes), max_scale(rows.value_max, value.codes)};
  return search_scales(start, steps_of(settings), {.score = score});
}

}  // namespace vitq
