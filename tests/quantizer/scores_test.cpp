// SPDX-License-Identifier: Apache-2.0
// The paper's score: its parts against values worked out by hand, and modules of a network.
#include <doctest/doctest.h>

#include <cmath>

#include "bits/scores/nuclear_norm.h"
#include "quantizer/tiny_network.h"
#include "vitq/error.h"
#include "vitq/sensitivity.h"

using namespace vitq;
using namespace vitq::test;

namespace {

Matrix matrix(std::int64_t rows, std::int64_t cols, std::vector<float> values) {
  Matrix m(rows, cols);
  m.values = std::move(values);
  return m;
}

Tensor heads(std::int64_t tokens, std::int64_t dim, const std::vector<float>& values) {
  Tensor tensor({1, tokens, dim}, DType::kF32);
  std::copy(values.begin(), values.end(), tensor.as<float>().begin());
  return tensor;
}

Sensitivities scored(const TinyNetwork& tiny, const std::string& score, int threads = 1) {
  QuantizeOptions options;
  options.threads = threads;
  return measure_sensitivities(
      tiny.network(), tiny.images(12), recipe_named("default"), options,
      {.grain = Grain::kModule, .bits = {{4}, {6}, {8}, {32}}, .score = score});
}

}  // namespace

TEST_CASE("the nuclear norm is the sum of the singular values") {
  // A diagonal has the magnitudes as singular values, and u v^T the product of the lengths. The
  // matrix [[1, 1], [0, 1]] has the golden ratio and its inverse.
  CHECK(nuclear_norm(matrix(2, 3, {3, 0, 0, 0, -4, 0})) == doctest::Approx(7.0));
  CHECK(nuclear_norm(matrix(3, 2, {3, 4, 6, 8, 6, 8})) == doctest::Approx(15.0));
  CHECK(nuclear_norm(matrix(2, 2, {1, 1, 0, 1})) == doctest::Approx(std::sqrt(5.0)));
  CHECK(nuclear_norm(matrix(1, 1, {-2})) == doctest::Approx(2.0));
}

TEST_CASE("a coded attention map gives back what its code loses") {
  const QParams per_row;
  QParams coarse;
  coarse.bits = 2;
  // Scores 0 and ln 4 lie on the grids of queries and keys: probabilities 1/5 and 4/5. Two bits
  // keep exp of them, 1/4 and 1, as 1/3 and 1 of a sum of 5/4: 1/15 too much is taken from both.
  const Tensor query = heads(1, 2, {0.0F, 1.0F});
  const Tensor key = heads(2, 2, {0.0F, 0.0F, 0.0F, std::log(4.0F)});
  const Matrix fine = coded_attention_maps(query, key, 1.0F, {per_row, per_row, per_row})[0];
  CHECK(fine.values[0] == doctest::Approx(0.2).epsilon(0.01));
  CHECK(fine.values[1] == doctest::Approx(0.8).epsilon(0.01));
  const Matrix rough = coded_attention_maps(query, key, 1.0F, {per_row, per_row, coarse})[0];
  CHECK(rough.values[0] == doctest::Approx(4.0 / 15.0 - 1.0 / 30.0));
  CHECK(rough.values[1] == doctest::Approx(0.8 - 1.0 / 30.0));
}

TEST_CASE("modules are what lies between two sums, whatever its layers are called") {
  const TinyNetwork tiny;
  const Sensitivities found = scored(tiny, "nuclear-norm");
  REQUIRE(found.groups.size() == 6);
  CHECK(found.groups[0].layers == std::vector<std::string>{"stem"});
  CHECK(found.groups[1].layers ==
        std::vector<std::string>{"block.0.qkv", "block.0.logits", "block.0.proj"});
  CHECK(found.groups[2].layers == std::vector<std::string>{"block.0.fc1", "block.0.fc2"});
  CHECK(found.groups[5].layers == std::vector<std::string>{"answer"});
  for (const Sensitivities::Group& group : found.groups) {
    CAPTURE(group.name);
    REQUIRE(group.choices.size() == 4);
    CHECK(group.choices[0].bits == Bits{4, 4});
    CHECK(group.choices[0].loss > 4.0 * group.choices[1].loss);
    CHECK(group.choices[0].loss > 4.0 * group.choices[2].loss);
    CHECK(group.choices[2].loss > 0.0);
    CHECK_FALSE(group.choices[3].bits.has_value());
    CHECK(group.choices[3].loss == 0.0);
    CHECK(group.choices[3].bytes > group.choices[2].bytes);
  }
}

TEST_CASE("a relative score does not change with the size of a module's output") {
  TinyNetwork tiny;
  const Sensitivities before = scored(tiny, "nuclear-norm-relative");
  const Sensitivities literal = scored(tiny, "nuclear-norm");
  // A power of two is exact in every step of the quantizer.
  for (float& v : tiny.weights.tensors.at("answer.weight").as<float>()) v *= 4.0F;
  for (float& v : tiny.weights.tensors.at("answer.bias").as<float>()) v *= 4.0F;
  const Sensitivities after = scored(tiny, "nuclear-norm-relative");
  const Sensitivities literal_after = scored(tiny, "nuclear-norm");
  CHECK(after.groups[5].choices[0].loss ==
        doctest::Approx(before.groups[5].choices[0].loss).epsilon(1e-3));
  CHECK(literal_after.groups[5].choices[0].loss ==
        doctest::Approx(64.0 * literal.groups[5].choices[0].loss).epsilon(1e-3));
}

TEST_CASE("a score is the same for any number of threads, and has to be known") {
  const TinyNetwork tiny;
  CHECK(scored(tiny, "nuclear-norm", 1).to_json().dump() ==
        scored(tiny, "nuclear-norm", 3).to_json().dump());
  CHECK_THROWS_AS(scored(tiny, "guessed"), UnsupportedError);
}
