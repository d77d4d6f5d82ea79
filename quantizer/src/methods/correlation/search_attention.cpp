// SPDX-License-Identifier: Apache-2.0
// Does the paper's search for the two products of an attention.
#include <algorithm>
#include <cstddef>
#include <map>

#include "base/matmul.h"
#include "layer/attention_map.h"
#include "layer/symmetric.h"
#include "methods/correlation/search.h"

namespace vitq {
namespace {

constexpr std::uint64_t kPairSeed = 1;

// Holds one operand of an attention's product for each image and head, and its codes.
struct Operand {
  const std::vector<Matrix>& values;
  CodeRange codes;
};

void scale_by(Matrix& map, float factor) {
  for (float& v : map.values) v *= factor;
}

// Gives factor * a b^T for every image and head.
std::vector<Matrix> products(const std::vector<Matrix>& a, const std::vector<Matrix>& b,
                             float factor) {
  std::vector<Matrix> maps;
  for (std::size_t i = 0; i < a.size(); ++i) {
    maps.push_back(matmul_nt(a[i], b[i]));
    scale_by(maps.back(), factor);
  }
  return maps;
}

// Gives the product for one image and head, with both operands in codes of these scales.
Matrix coded_product(const Operand& a, const Operand& b, std::size_t index, Scales scales) {
  const Matrix left = symmetric_codes(a.values[index], scales.first, a.codes);
  const Matrix right = symmetric_codes(b.values[index], scales.second, b.codes);
  return matmul_nt(left, right);
}

void add_rows(std::int32_t image, const Matrix& wanted, const Matrix& got,
              ImageCorrelations& correlations) {
  for (std::int64_t r = 0; r < wanted.rows; ++r) {
    correlations.add(image, wanted.row(r), got.row(r));
  }
}

// Gives one ranking for each number of columns that occurs, without pairs if rankings do not count.
std::map<std::int64_t, Ranking> rankings_of(const std::vector<Matrix>& maps,
                                            const CorrelationSettings& settings) {
  std::map<std::int64_t, Ranking> rankings;
  for (const Matrix& map : maps) {
    if (rankings.contains(map.cols)) continue;
    Ranking& ranking = rankings[map.cols];
    ranking = {.columns = map.cols, .theta = settings.theta};
    if (settings.ranking) ranking.pairs = sample_pairs(map.cols, settings.pairs, kPairSeed);
  }
  return rankings;
}

}  // namespace

ScaleSearch steps_of(const CorrelationSettings& settings) {
  ScaleSearch steps = settings.search;
  if (!settings.similarity) steps.rounds = 0;
  return steps;
}

Found search_logits(const AttentionRows& rows, int bits, const CorrelationSettings& settings) {
  const auto finish = [&settings](Matrix& logits) {
    if (settings.after_softmax) softmax_rows(logits, 1.0F);
  };
  std::vector<Matrix> wanted = products(rows.query, rows.key, rows.scale);
  std::ranges::for_each(wanted, finish);
  const std::map<std::int64_t, Ranking> rankings = rankings_of(wanted, settings);
  const Operand query = {rows.query, input_codes(bits)};
  const Operand key = {rows.key, weight_codes(bits)};
  const auto score = [&](Scales s) {
    ImageCorrelations correlations;
    RankingLoss loss;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      Matrix got = coded_product(query, key, i, s);
      scale_by(got, rows.scale * s.first * s.second);
      finish(got);
      add_rows(rows.image[i], wanted[i], got, correlations);
      loss.add(wanted[i].values, got.values, rankings.at(got.cols));
    }
    return correlations.mean() - settings.gamma * loss.mean();
  };
  const Scales start = {max_scale(rows.query_max, query.codes), max_scale(rows.key_max, key.codes)};
  return search_scales(start, steps_of(settings), {.score = score});
}

Found search_output(const AttentionRows& rows, int bits, const CorrelationSettings& settings) {
  std::vector<Matrix> probabilities;
  float max = 0.0F;
  for (std::size_t i = 0; i < rows.query.size(); ++i) {
    probabilities.push_back(attention_map(rows.query[i], rows.key[i], rows.scale));
    max = std::max(max, largest_magnitude(probabilities.back().values));
  }
  const std::vector<Matrix> wanted = products(probabilities, rows.value, 1.0F);
  const Operand probability = {probabilities, probability_codes(bits)};
  const Operand value = {rows.value, weight_codes(bits)};
  const auto score = [&](Scales s) {
    ImageCorrelations correlations;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      Matrix got = coded_product(probability, value, i, s);
      scale_by(got, s.first * s.second);
      add_rows(rows.image[i], wanted[i], got, correlations);
    }
    return correlations.mean();
  };
  const Scales start = {max_scale(max, probability.codes), max_scale(rows.value_max, value.codes)};
  return search_scales(start, steps_of(settings), {.score = score});
}

}  // namespace vitq
