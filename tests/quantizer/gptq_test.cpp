// SPDX-License-Identifier: Apache-2.0
// Compares method "gptq" with its definition.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "quantizer/support.h"

using namespace vitq;
using namespace vitq::test;

namespace {

// Gives inputs whose Gram matrix is a multiple of the unit matrix.
std::vector<Matrix> independent_inputs() {
  Matrix m(8, 4);
  for (std::int64_t r = 0; r < 8; ++r) {
    m.row(r)[static_cast<std::size_t>(r / 2)] = r % 2 == 0 ? 1.0F : -1.0F;
  }
  return {m};
}

// Inverts by Gauss and Jordan, without pivots, as positive definite matrices allow.
std::vector<double> inverse_of(std::vector<double> m, std::size_t k) {
  std::vector<double> inverse(k * k, 0.0);
  for (std::size_t i = 0; i < k; ++i) inverse[i * k + i] = 1.0;
  for (std::size_t p = 0; p < k; ++p) {
    const double pivot = m[p * k + p];
    for (std::size_t j = 0; j < k; ++j) {
      m[p * k + j] /= pivot;
      inverse[p * k + j] /= pivot;
    }
    for (std::size_t i = 0; i < k; ++i) {
      if (i == p) continue;
      const double factor = m[i * k + p];
      for (std::size_t j = 0; j < k; ++j) {
        m[i * k + j] -= factor * m[p * k + j];
        inverse[i * k + j] -= factor * inverse[p * k + j];
      }
    }
  }
  return inverse;
}

// Does what arXiv:2210.17323 says in equations 2 and 3, in double. Columns are rounded one after
// the other by falling diagonal of H. Each moves those to come by -error / [H^-1]_jj [H^-1]_j, and
// is then taken out of H^-1.
void gptq_by_definition(LayerDraft& layer, const Matrix& gram, double damping) {
  const auto k = static_cast<std::size_t>(gram.cols);
  std::vector<double> h(gram.values.begin(), gram.values.end());
  double mean = 0.0;
  for (std::size_t i = 0; i < k; ++i) mean += h[i * k + i] / static_cast<double>(k);
  for (std::size_t i = 0; i < k; ++i) h[i * k + i] += damping * mean;
  std::vector<std::size_t> order(k);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return gram.values[a * k + a] > gram.values[b * k + b];
  });
  const std::vector<double> inverse_gram = inverse_of(h, k);
  for (std::int64_t o = 0; o < layer.goal.rows; ++o) {
    std::vector<double> inverse = inverse_gram;
    std::vector<double> w(layer.goal.row(o).begin(), layer.goal.row(o).end());
    const auto scale = static_cast<double>(layer.scale[static_cast<std::size_t>(o)]);
    const double top = max_weight_code(layer.weight_bits);
    for (const std::size_t j : order) {
      const double code = std::clamp(std::nearbyint(w[j] / scale), -top, top);
      layer.codes[static_cast<std::size_t>(o) * k + j] = static_cast<std::int8_t>(code);
      const double error = (w[j] - code * scale) / inverse[j * k + j];
      const std::vector<double> before = inverse;
      for (std::size_t a = 0; a < k; ++a) {
        w[a] -= error * before[j * k + a];
        for (std::size_t b = 0; b < k; ++b) {
          inverse[a * k + b] -= before[a * k + j] * before[j * k + b] / before[j * k + j];
        }
      }
    }
  }
}

}  // namespace

TEST_CASE("GPTQ equals rounding to nearest when inputs are independent") {
  const LayerDraft start = draft_of(random_matrix(5, 4, 2), 4);
  LayerData data(source_of(start, independent_inputs()), 1);
  LayerDraft layer = rounded(4, data, start);
  const std::vector<std::int16_t> nearest = layer.codes;
  // Activation codes of 8 bits leave the products all but diagonal.
  run("gptq", R"({"ridge": 0})", layer, data);
  CHECK(layer.codes == nearest);
}

// Codes differ from those of the definition only where float sums and double sums round a near tie
// apart. That changes later codes of the same row, so that one row of 24 codes may differ. A near
// tie is about as good either way: the error may change by that of one row, an eighth of all.
TEST_CASE("GPTQ gives the codes of its definition, which beat rounding to nearest") {
  for (const int bits : {3, 4, 6}) {
    CAPTURE(bits);
    const LayerDraft start = draft_of(random_matrix(8, 24, 5), bits);
    LayerData data(source_of(start, correlated_images(6, 50, 24)), 1);
    LayerDraft layer = rounded(bits, data, start);
    const Matrix gram = data.moments(layer).gram;
    const double nearest = objective(layer, gram);
    LayerDraft defined = layer;
    gptq_by_definition(defined, gram, 0.01);
    run("gptq", R"({"ridge": 0, "damping": 0.01})", layer, data);
    CHECK(objective(layer, gram) == doctest::Approx(objective(defined, gram)).epsilon(0.125));
    CHECK(objective(layer, gram) < nearest);
    std::size_t apart = 0;
    for (std::size_t i = 0; i < layer.codes.size(); ++i) {
      if (layer.codes[i] != defined.codes[i]) ++apart;
    }
    CHECK(apart <= 24);
  }
}
