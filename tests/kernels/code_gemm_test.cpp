// SPDX-License-Identifier: Apache-2.0
// Products of two matrices made at run time equal 64-bit sums for any codes, by every
// implementation that this machine can run.
#include "kernels/code_gemm/code_gemm.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "integer_support.h"
#include "kernels/select.h"
#include "support/isas.h"

using namespace vitq;

namespace {

// It returns all that take such codes.
std::vector<const CodeGemm*> all(std::int32_t largest_product) {
  const CpuFeatures has = detected_cpu();
  std::vector<const CodeGemm*> found = {&reference_code_gemm(), &portable_code_gemm()};
  for (const Isa& isa : test::isas_of(has)) {
    found.push_back(&code_gemm(limited(has, isa), largest_product));
  }
  return found;
}

// An operand's memory is filled with what must not matter; the margin behind must stay as it is.
class Operand {
 public:
  explicit Operand(std::int64_t bytes) : bytes_(static_cast<std::size_t>(bytes + kMargin), kFill) {}
  std::byte* data() { return bytes_.data(); }
  bool margin_intact() const {
    return std::all_of(bytes_.end() - kMargin, bytes_.end(),
                       [](std::byte b) { return b == kFill; });
  }

 private:
  static constexpr std::int64_t kMargin = 256;
  static constexpr std::byte kFill{0xA5};
  std::vector<std::byte> bytes_;
};

// It multiplies x [m, k] by w [n, k] transposed, with `b` held by columns or by rows.
std::vector<std::int32_t> product(const CodeGemm& products, const CodeGemmShape& s, const Acts& x,
                                  const Codes& w, bool by_rows) {
  Operand a(products.a_bytes(s.m, s.k));
  Operand b(products.b_bytes(s.n, s.k));
  for (std::int64_t i = 0; i < s.m; ++i) {
    products.pack_a_row({x.data() + i * s.k, s.k, i}, a.data());
  }
  for (std::int64_t j = 0; j < s.n && !by_rows; ++j) {
    products.pack_b_column({w.data() + j * s.k, s.k, j}, b.data());
  }
  for (std::int64_t i = 0; i < s.k && by_rows; ++i) {
    Codes row;
    for (std::int64_t j = 0; j < s.n; ++j) {
      row.push_back(w[static_cast<std::size_t>(j * s.k + i)]);
    }
    products.pack_b_row({row.data(), s.n, i}, s.k, b.data());
  }
  REQUIRE(a.margin_intact());
  REQUIRE(b.margin_intact());
  std::vector<std::int32_t> c(static_cast<std::size_t>(s.m * s.n), -1);
  products.multiply(s, a.data(), b.data(), c.data());
  return c;
}

void check(const CodeGemmShape& s, const Acts& x, const Codes& w, std::int32_t largest_product) {
  const std::vector<std::int64_t> expected = exact_sums(x, w, s.n, s.k);
  for (const CodeGemm* products : all(largest_product)) {
    for (const bool by_rows : {false, true}) {
      const std::vector<std::int32_t> found = product(*products, s, x, w, by_rows);
      CAPTURE(products->name);
      CAPTURE(by_rows);
      CAPTURE(s.m);
      CAPTURE(s.n);
      CAPTURE(s.k);
      for (std::size_t i = 0; i < found.size(); ++i) REQUIRE(found[i] == expected[i]);
    }
  }
}

void check(const CodeGemmShape& s, Fill fill, std::mt19937& random) {
  const Acts x = acts(s.m * s.k, fill, random);
  check(s, x, weights(s.n * s.k, 127, fill, random), kLargestProduct);
}

// One side has 7 bits, so that the sums of two products fit 16.
void check_narrow(const CodeGemmShape& s, Fill fill, std::mt19937& random) {
  Acts x = acts(s.m * s.k, fill, random);
  check(s, x, weights(s.n * s.k, 63, fill, random), 255 * 63);
  for (std::uint8_t& code : x) code /= 2;
  check(s, x, weights(s.n * s.k, 127, fill, random), 127 * 127);
}

}  // namespace

TEST_CASE("products of two activations are exact at every tail, by every implementation") {
  std::mt19937 random(7);
  for (std::int64_t n = 1; n <= 67; ++n) check({.m = 3, .n = n, .k = 6}, Fill::kRandom, random);
  for (std::int64_t m = 1; m <= 20; ++m) check({.m = m, .n = 35, .k = 5}, Fill::kRandom, random);
  for (std::int64_t k = 1; k <= 40; ++k) check({.m = 9, .n = 33, .k = k}, Fill::kRandom, random);
}

TEST_CASE("products of two activations are exact for the largest codes and long sums") {
  std::mt19937 random(8);
  for (const Fill fill :
       {Fill::kRandom, Fill::kAllTop, Fill::kAlternating, Fill::kAllLeast, Fill::kEnds}) {
    for (const std::int64_t k : {1, 64, 197, 518, 519, 1700}) {
      check({.m = 5, .n = 13, .k = k}, fill, random);
    }
    check({.m = 2, .n = 3, .k = fill <= Fill::kAlternating ? 66'311 : 65'793}, fill, random);
    check({.m = 64, .n = 197, .k = 64}, fill, random);
  }
}

TEST_CASE("products of activations of which one side has 7 bits are exact, too") {
  std::mt19937 random(9);
  for (const Fill fill : {Fill::kRandom, Fill::kAllTop, Fill::kAlternating}) {
    for (std::int64_t n = 1; n <= 35; ++n) check_narrow({.m = 3, .n = n, .k = 6}, fill, random);
    for (std::int64_t m = 1; m <= 10; ++m) check_narrow({.m = m, .n = 19, .k = 7}, fill, random);
    for (std::int64_t k = 1; k <= 12; ++k) check_narrow({.m = 5, .n = 17, .k = k}, fill, random);
    check_narrow({.m = 64, .n = 197, .k = 64}, fill, random);
    check_narrow({.m = 5, .n = 13, .k = 1700}, fill, random);
  }
}

TEST_CASE("the implementations of a CPU are in order, and any CPU has one") {
  const auto name_of = [](const CpuFeatures& features) {
    return std::string(code_gemm(features, kLargestProduct).name);
  };
#if defined(__x86_64__)
  CpuFeatures features;
  CHECK(name_of(features) == "maddwd:sse2");
  features.avx2 = true;
  CHECK(name_of(features) == "maddwd:avx2");
  CHECK(code_gemm(features, 255 * 63).name == std::string("maddubs:avx2"));
  CHECK(code_gemm(features, 129 * 127).name == std::string("maddubs:avx2"));
  CHECK(code_gemm(features, 128 * 128).name == std::string("maddwd:avx2"));
  features.avx_vnni = true;
  CHECK(name_of(features) == "dpbusd:avx");
  features.avx512 = features.avx512_vnni = true;
  CHECK(name_of(features) == "dpbusd:avx512");
#elif defined(__aarch64__)
  CHECK(name_of({}) == "smull:neon");
  CHECK(name_of({.dotprod = true}) == "sdot:dotprod");
  CHECK(name_of({.dotprod = true, .i8mm = true}) == "usmmla:i8mm");
#else
  CHECK(name_of({}) == "portable");
#endif
}
