// SPDX-License-Identifier: Apache-2.0
// These functions take one element. The file is a part of rows.inl, whose rules hold here too.

// It is 1.5 * 2^23. A float of magnitude below 2^22 added to it is rounded to an integer, nearest
// even, which the low bits of the sum then hold.
static constexpr float kRounder = 12582912.0F;

static inline std::uint32_t bits_of(float x) {
  return __builtin_bit_cast(std::uint32_t, x);
}
static inline float float_of(std::uint32_t bits) {
  return __builtin_bit_cast(float, bits);
}
static inline std::uint8_t rounded_code(float x) {
  return static_cast<std::uint8_t>(bits_of(x + kRounder));
}
// With k = rne(x / ln 2) and |r| <= ln 2 / 2, e^x is 2^k e^r, and e^r is 1 + r + r^2 q(r). q is the
// minimax polynomial of degree 4 for the relative error of e^r, which is 3.1e-9 before rounding.
// ln 2 is split so that k * kLn2High is exact.
[[gnu::always_inline]] static inline float exp_one(float x) {
  constexpr float kLog2E = 1.44269504F;
  constexpr float kLn2High = 0.693359375F;
  constexpr float kLn2Low = -2.12194440e-4F;
  constexpr float kFlush = -87.33F;
  constexpr std::uint32_t kBias = 127;
  const float rounded = x * kLog2E + kRounder;
  const float k = rounded - kRounder;
  const float r = (x - k * kLn2High) - k * kLn2Low;
  float q = 1.38145406e-3F;
  q = q * r + 8.36874504e-3F;
  q = q * r + 4.16683908e-2F;
  q = q * r + 1.66665204e-1F;
  q = q * r + 4.99999934e-1F;
  const float power = float_of((bits_of(rounded) - bits_of(kRounder) + kBias) << 23);
  const float result = ((q * (r * r) + r) + 1.0F) * power;
  return x < kFlush ? 0.0F : result;
}

// With a = |x|, gelu(x) is max(x, 0) - a / 2 * erfc(a / sqrt(2)), and erfc(a / sqrt(2)) is p(a)^-8.
// The polynomial p is fitted for the least greatest error of gelu over max(1, |x|), which is 1.9e-8
// before rounding. Beyond a = 16 p only grows; the limit keeps its power finite.
[[gnu::always_inline]] static inline float gelu_one(float x) {
  constexpr float kFar = 16.0F;
  const float a = lesser(__builtin_fabsf(x), kFar);
  float p = 2.60840420e-6F;
  p = p * a - 1.29424617e-5F;
  p = p * a + 7.97768503e-5F;
  p = p * a + 1.53996178e-4F;
  p = p * a + 9.24892968e-4F;
  p = p * a + 8.63081953e-3F;
  p = p * a + 4.47753977e-2F;
  p = p * a + 9.97341632e-2F;
  p = p * a + 1.0F;
  p = p * p;
  p = p * p;
  p = p * p;
  return greater(x, 0.0F) - (0.5F * a) / p;
}
