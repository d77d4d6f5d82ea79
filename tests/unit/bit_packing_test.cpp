// SPDX-License-Identifier: Apache-2.0
// Codes of few bits in bytes: what goes in comes out, and what cannot have gone in is refused.
#include <doctest/doctest.h>

#include "vitq/error.h"
#include "vitq/quant.h"

using namespace vitq;

namespace {

// Every code there is, over and over.
Tensor codes_of(const Shape& shape, int bits) {
  Tensor codes(shape, DType::kS8);
  const int top = max_weight_code(bits);
  const std::span<std::int8_t> all = codes.as<std::int8_t>();
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i] =
        static_cast<std::int8_t>(static_cast<int>(i % static_cast<std::size_t>(2 * top + 1)) - top);
  }
  return codes;
}

bool same(const Tensor& a, const Tensor& b) {
  const auto x = a.as<std::int8_t>();
  const auto y = b.as<std::int8_t>();
  return a.shape() == b.shape() && std::equal(x.begin(), x.end(), y.begin());
}

}  // namespace

TEST_CASE("packed codes come out as they went in, at every number of bits and columns") {
  for (int bits = 2; bits < 8; ++bits) {
    for (std::int64_t columns = 0; columns <= 33; ++columns) {
      CAPTURE(bits);
      CAPTURE(columns);
      const Tensor codes = codes_of({5, columns}, bits);
      const Tensor bytes = bit_packed(codes, bits);
      CHECK(bytes.bytes() == static_cast<std::size_t>(5 * ((columns * bits + 7) / 8)));
      CHECK(same(bit_unpacked(bytes, codes.shape(), bits), codes));
    }
  }
  const Tensor kernel = codes_of({4, 3, 5, 7}, 5);
  CHECK(same(bit_unpacked(bit_packed(kernel, 5), kernel.shape(), 5), kernel));
}

TEST_CASE("codes lie in two's complement from the lowest bit up, each row from a byte of its own") {
  Tensor codes({2, 3}, DType::kS8);
  const std::int8_t values[] = {1, -1, 3, -7, 0, 7};
  std::copy(std::begin(values), std::end(values), codes.as<std::int8_t>().begin());
  const Tensor bytes = bit_packed(codes, 4);
  const std::uint8_t expected[] = {0xF1, 0x03, 0x09, 0x07};
  const auto found = bytes.as<std::uint8_t>();
  REQUIRE(found.size() == 4);
  CHECK(std::equal(found.begin(), found.end(), std::begin(expected)));
}

TEST_CASE("bytes that no codes give are refused in words") {
  const Shape shape = {2, 3};
  const auto with = [](std::uint8_t first, std::uint8_t second) {
    Tensor bytes({4}, DType::kU8);
    bytes.as<std::uint8_t>()[0] = first;
    bytes.as<std::uint8_t>()[3] = second;
    return bytes;
  };
  CHECK_NOTHROW(bit_unpacked(with(0, 0), shape, 4));
  CHECK_THROWS_WITH_AS(bit_unpacked(with(0x80, 0), shape, 4),
                       "row 0: code -8 lies outside of 4 bits", WeightError);
  CHECK_THROWS_WITH_AS(bit_unpacked(with(0, 0x10), shape, 4),
                       "row 1: bits beyond the last code are not 0", WeightError);
  CHECK_THROWS_WITH_AS(bit_unpacked(Tensor({5}, DType::kU8), shape, 4),
                       "expected packed codes u8 [4], found u8 [5]", WeightError);
  CHECK_THROWS_AS(bit_unpacked(Tensor(shape, DType::kS8), shape, 4), WeightError);
}
