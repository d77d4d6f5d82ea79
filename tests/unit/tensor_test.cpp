// SPDX-License-Identifier: Apache-2.0
#include "vitq/tensor.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>

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
  for (const float value : a.as<float>()) CHECK(value == 0.0F);
  Tensor shared = a;
  const Tensor cloned = a.clone();
  shared.as<float>()[7] = 2.0F;
  CHECK(a.as<float>()[7] == 2.0F);
  CHECK(cloned.as<float>()[7] == 0.0F);
  CHECK(a.reshaped({15}).as<float>()[7] == 2.0F);
  CHECK_THROWS_AS((void)a.reshaped({16}), ShapeError);
  CHECK_THROWS_AS((void)a.as<std::int8_t>(), ShapeError);
}

TEST_CASE("every half-precision number survives the way to float and back") {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = half_to_float(half);
    if (std::isnan(value)) {
      CHECK(std::isnan(half_to_float(float_to_half(value))));
    } else {
      CHECK(float_to_half(value) == half);
    }
  }
}

TEST_CASE("floats round to the nearest half, ties to even") {
  CHECK(float_to_half(1.0F + 0x1p-11F) == 0x3C00);             // tie, down to even
  CHECK(float_to_half(1.0F + 3 * 0x1p-11F) == 0x3C02);         // tie, up to even
  CHECK(float_to_half(1.0F + 0x1p-11F + 0x1p-20F) == 0x3C01);  // above the tie
  CHECK(float_to_half(65519.0F) == 0x7BFF);
  CHECK(float_to_half(65520.0F) == 0x7C00);
  CHECK(float_to_half(0x1p-25F) == 0x0000);  // tie between zero and the least subnormal
  CHECK(float_to_half(-0x1.8p-25F) == 0x8001);
  Tensor big({1}, DType::kF32);
  big.as<float>()[0] = 70000.0F;
  CHECK_THROWS_AS((void)big.to_f16(), LimitError);
}
