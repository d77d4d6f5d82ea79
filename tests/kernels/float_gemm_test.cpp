// SPDX-License-Identifier: Apache-2.0
// Products of floats equal sums of 64 bits where every product and sum is a small integer. So they
// do at every tail, by every implementation that this machine can run.
#include "kernels/float_gemm/float_gemm.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "kernels/select.h"
#include "support/isas.h"
#include "vitq/gemm.h"

using namespace vitq;

namespace {

using Floats = std::vector<float>;

constexpr float kUntouched = 12345.0F;

std::vector<const FloatGemm*> all() {
  const CpuFeatures has = detected_cpu();
  std::vector<const FloatGemm*> found = {&portable_float_gemm()};
  for (const Isa& isa : test::isas_of(has)) found.push_back(&float_gemm(limited(has, isa)));
  return found;
}

Floats integers(std::int64_t count, std::mt19937& random) {
  std::uniform_int_distribution<int> any(-15, 15);
  Floats values;
  for (std::int64_t i = 0; i < count; ++i) values.push_back(static_cast<float>(any(random)));
  return values;
}

Floats normals(std::int64_t count, std::mt19937& random) {
  std::normal_distribution<float> any;
  Floats values;
  for (std::int64_t i = 0; i < count; ++i) values.push_back(any(random));
  return values;
}

float at(const Floats& values, std::int64_t index) {
  return values[static_cast<std::size_t>(index)];
}

struct Size {
  std::int64_t m, n, k;
};

// Element (i, j) of a [m, k] times b [k, n].
double exact(const Floats& a, const Floats& b, const Size& s, std::int64_t i, std::int64_t j) {
  double sum = 0.0;
  for (std::int64_t c = 0; c < s.k; ++c) {
    sum += static_cast<double>(at(a, i * s.k + c)) * static_cast<double>(at(b, c * s.n + j));
  }
  return sum;
}

// b [k, n] in the blocks of columns that `gemm` takes.
Floats in_blocks(const FloatGemm& gemm, const Floats& b, const Size& s) {
  Floats blocks;
  for (std::int64_t column = 0; column < s.n; column += gemm.columns) {
    for (std::int64_t row = 0; row < s.k; ++row) {
      for (std::int64_t i = column; i < column + gemm.columns; ++i) {
        blocks.push_back(i < s.n ? at(b, row * s.n + i) : 0.0F);
      }
    }
  }
  return blocks;
}

// c begins as ones. Its rows are three elements apart.
Floats product(const FloatGemm& gemm, const Floats& a, const Floats& b, const Size& s,
               bool accumulate) {
  const Floats blocks = in_blocks(gemm, b, s);
  const std::int64_t stride = s.n + 3;
  Floats c(static_cast<std::size_t>(s.m * stride), kUntouched);
  for (std::int64_t i = 0; i < s.m; ++i) std::fill_n(c.data() + i * stride, s.n, 1.0F);
  gemm.multiply({.a = a.data(),
                 .a_stride = s.k,
                 .b = blocks.data(),
                 .c = c.data(),
                 .c_stride = stride,
                 .m = s.m,
                 .n = s.n,
                 .k = s.k,
                 .accumulate = accumulate});
  return c;
}

void check(const Size& s, std::mt19937& random) {
  const Floats a = integers(s.m * s.k, random);
  const Floats b = integers(s.k * s.n, random);
  for (const FloatGemm* gemm : all()) {
    for (const bool accumulate : {false, true}) {
      CAPTURE(gemm->name);
      CAPTURE(accumulate);
      CAPTURE(s.m);
      CAPTURE(s.n);
      CAPTURE(s.k);
      const Floats found = product(*gemm, a, b, s, accumulate);
      for (std::int64_t i = 0; i < s.m; ++i) {
        for (std::int64_t j = 0; j < s.n; ++j) {
          const double expected = exact(a, b, s, i, j) + (accumulate ? 1.0 : 0.0);
          REQUIRE(static_cast<double>(at(found, i * (s.n + 3) + j)) == expected);
        }
        for (std::int64_t j = s.n; j < s.n + 3; ++j) {
          REQUIRE(at(found, i * (s.n + 3) + j) == kUntouched);
        }
      }
    }
  }
}

Floats transposed(const Floats& matrix, std::int64_t rows, std::int64_t columns) {
  Floats result;
  for (std::int64_t j = 0; j < columns; ++j) {
    for (std::int64_t i = 0; i < rows; ++i) result.push_back(at(matrix, i * columns + j));
  }
  return result;
}

// All four forms of gemm().
void check_gemm(const Size& s, std::mt19937& random) {
  const Floats a = integers(s.m * s.k, random);
  const Floats b = integers(s.k * s.n, random);
  const Floats a_columns = transposed(a, s.m, s.k);
  const Floats b_columns = transposed(b, s.k, s.n);
  for (const bool left : {false, true}) {
    for (const bool right : {false, true}) {
      Floats c(static_cast<std::size_t>(s.m * s.n), kUntouched);
      gemm({.m = s.m, .n = s.n, .k = s.k, .transpose_a = left, .transpose_b = right},
           (left ? a_columns : a).data(), (right ? b_columns : b).data(), c.data());
      CAPTURE(left);
      CAPTURE(right);
      CAPTURE(s.m);
      CAPTURE(s.n);
      CAPTURE(s.k);
      for (std::int64_t i = 0; i < s.m * s.n; ++i) {
        REQUIRE(static_cast<double>(at(c, i)) == exact(a, b, s, i / s.n, i % s.n));
      }
    }
  }
}

}  // namespace

TEST_CASE("products of floats are right at every tail, by every implementation") {
  std::mt19937 random(1);
  for (std::int64_t n = 1; n <= 67; ++n) check({3, n, 5}, random);
  for (std::int64_t m = 1; m <= 27; ++m) check({m, 35, 4}, random);
  for (std::int64_t k = 1; k <= 20; ++k) check({7, 33, k}, random);
  check({50, 70, 400}, random);
}

TEST_CASE("a sum of floats does not depend on the rows and columns beside it") {
  std::mt19937 random(2);
  const Size s = {27, 70, 100};
  const Floats a = normals(s.m * s.k, random);
  const Floats b = normals(s.k * s.n, random);
  for (const FloatGemm* gemm : all()) {
    CAPTURE(gemm->name);
    const Floats whole = product(*gemm, a, b, s, false);
    for (std::int64_t i = 0; i < s.m; ++i) {
      const Floats row(a.begin() + i * s.k, a.begin() + (i + 1) * s.k);
      const Floats alone = product(*gemm, row, b, {1, s.n, s.k}, false);
      for (std::int64_t j = 0; j < s.n; ++j) {
        REQUIRE(at(alone, j) == at(whole, i * (s.n + 3) + j));
        const double error = static_cast<double>(at(alone, j)) - exact(a, b, s, i, j);
        REQUIRE(std::abs(error) < 1e-4);
      }
    }
  }
}

TEST_CASE("gemm multiplies matrices as they are stored or transposed, of any size") {
  std::mt19937 random(3);
  for (const std::int64_t k : {1, 2, 63, 384, 385, 769, 1000}) check_gemm({5, 21, k}, random);
  for (const std::int64_t m : {1, 2, 47, 48, 49, 191, 192, 193}) check_gemm({m, 17, 9}, random);
  check_gemm({200, 300, 400}, random);
  Floats c(6, kUntouched);
  gemm({.m = 2, .n = 3, .k = 0}, nullptr, nullptr, c.data());
  CHECK(c == Floats(6, 0.0F));
}

TEST_CASE("the implementations of float products are in order, and any CPU has one") {
  const auto name_of = [](const CpuFeatures& features) {
    return std::string(float_gemm(features).name);
  };
#if defined(__aarch64__)
  CHECK(name_of({}) == "blocked:neon");
#else
  CHECK(name_of({}) == "blocked:portable");
#endif
#if defined(__x86_64__)
  CHECK(name_of({.avx2 = true}) == "blocked:avx2");
  CHECK(name_of({.avx2 = true, .avx512 = true}) == "blocked:avx512");
#endif
}
