// SPDX-License-Identifier: Apache-2.0
#include "vitq/tensor.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "core/half.h"
#include "vitq/error.h"

using namespace vitq;

TEST_CASE("a shape counts elements, indexes from both ends and prints itself") {
  const Shape shape = {1, 197, 192};
  CHECK(shape.elements() == 197 * 192);
  CHECK(shape[-1] == 192);
  CHECK(shape[1] == 197);
  CHECK(shape.str() == "[1, 197, 192]");
  CHECK(shape.with(-1, 3) == Shape{1, 197, 3});
  CHECK(Shape{}.elements() == 1);
  CHECK(Shape{4, 0}.elements() == 0);
  CHECK_THROWS_AS((void)shape[3], ShapeError);
}

TEST_CASE("a shape whose element count overflows is refused, also behind a zero extent") {
  const std::int64_t huge = std::int64_t{1} << 40;
  CHECK_THROWS_AS((Shape{huge, huge}), LimitError);
  CHECK_THROWS_AS((Shape{huge, huge, 0}), LimitError);
  CHECK_THROWS_AS((Shape{-1}), ShapeError);
  CHECK_THROWS_AS((Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}), LimitError);
}

TEST_CASE("a tensor is aligned, zero-filled, shared by copies and copied by clone") {
  Tensor a({3, 5}, DType::kF32);
  CHECK(reinterpret_cast<std::uintptr_t>(a.data()) % 64 == 0);
  CHECK(std::ranges::equal(a.as<float>(), std::vector<float>(15, 0.0F)));
  Tensor shared = a;
  const Tensor cloned = a.clone();
  shared.as<float>()[7] = 2.0F;
  CHECK(a.as<float>()[7] == 2.0F);
  CHECK(cloned.as<float>()[7] == 0.0F);
  CHECK(a.reshaped({15}).as<float>()[7] == 2.0F);
  CHECK_THROWS_AS((void)a.reshaped({16}), ShapeError);
  CHECK_THROWS_AS((void)a.as<std::int8_t>(), ShapeError);
}

TEST_CASE("every half-precision number is read as its sign, exponent and fraction say") {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const float value = half_to_float(static_cast<std::uint16_t>(bits));
    const double sign = bits < 0x8000U ? 1.0 : -1.0;
    const auto exponent = static_cast<int>(bits / 1024 % 32);
    const double fraction = bits % 1024 / 1024.0;
    CAPTURE(bits);
    if (exponent == 31) {
      CHECK(std::isnan(value) == (fraction > 0.0));
      CHECK_FALSE(std::isfinite(value));
    } else if (exponent == 0) {
      CHECK(static_cast<double>(value) == sign * std::ldexp(fraction, -14));
    } else {
      CHECK(static_cast<double>(value) == sign * std::ldexp(1.0 + fraction, exponent - 15));
    }
    CHECK(std::signbit(value) == (sign < 0.0));
  }
}
