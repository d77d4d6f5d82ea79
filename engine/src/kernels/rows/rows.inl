// SPDX-License-Identifier: Apache-2.0
// The loops behind rows.h, which states the formulas. Each rows_TIER.cpp includes this file in a
// namespace of its own and compiles it with the flags of its tier; the compiler vectorizes.
//
// Everything is static and nothing of the standard library is used, lest the linker choose an
// inline function compiled for a high tier to serve the whole program. `omp simd` promises
// independent iterations, which lets a loop work in place without a check at run time, and keeps a
// loop over lanes from being unrolled before it is vectorized.

static constexpr std::int64_t kLanes = 16;

// 1.5 * 2^23: a float of magnitude below 2^22 added to it is rounded to an integer, nearest even,
// which the low bits of the sum then hold.
static constexpr float kRounder = 12582912.0F;

static inline std::uint32_t bits_of(float x) {
  return __builtin_bit_cast(std::uint32_t, x);
}
static inline float float_of(std::uint32_t bits) {
  return __builtin_bit_cast(float, bits);
}
static inline float greater(float a, float b) {
  return a > b ? a : b;
}
static inline float lesser(float a, float b) {
  return a < b ? a : b;
}
static inline float plus(float a, float b) {
  return a + b;
}

// Each lane takes its elements in rising order.
template <typename Join, typename At>
[[gnu::always_inline]] static inline void fold(float* lanes, std::int64_t n, Join join, At at) {
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
#pragma omp simd
    for (std::int64_t l = 0; l < kLanes; ++l) lanes[l] = join(lanes[l], at(i + l));
  }
  const std::int64_t rest = n - i;
  if (rest == 0) return;
#pragma omp simd
  for (std::int64_t l = 0; l < kLanes; ++l) {
    lanes[l] = l < rest ? join(lanes[l], at(i + l)) : lanes[l];
  }
}

template <int kWidth, typename Join>
[[gnu::always_inline]] static inline void halve(float* lanes, Join join) {
#pragma omp simd
  for (int l = 0; l < kWidth; ++l) lanes[l] = join(lanes[l], lanes[l + kWidth]);
}

template <typename Join>
[[gnu::always_inline]] static inline float join_lanes(float* lanes, Join join) {
  halve<8>(lanes, join);
  halve<4>(lanes, join);
  halve<2>(lanes, join);
  halve<1>(lanes, join);
  return lanes[0];
}

template <typename Join, typename At>
[[gnu::always_inline]] static inline float reduce(std::int64_t n, float start, Join join, At at) {
  float lanes[kLanes];
  for (float& lane : lanes) lane = start;
  fold(lanes, n, join, at);
  return join_lanes(lanes, join);
}

template <typename At>
[[gnu::always_inline]] static inline float sum_of(std::int64_t n, At at) {
  return reduce(n, 0.0F, plus, at);
}

template <typename At>
[[gnu::always_inline]] static inline float max_of(std::int64_t n, At at) {
  return reduce(n, at(0), greater, at);
}

// e^x = 2^k e^r with k = rne(x / ln 2), |r| <= ln 2 / 2, and e^r = 1 + r + r^2 q(r). q is the
// minimax polynomial of degree 4 for the relative error of e^r: 3.1e-9 before rounding. ln 2 is
// split so that k * kLn2High is exact.
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

// With a = |x|, gelu(x) = max(x, 0) - a / 2 * erfc(a / sqrt(2)), and erfc(a / sqrt(2)) = p(a)^-8, p
// a polynomial fitted for the least greatest error of gelu over max(1, |x|): 1.9e-8 before
// rounding. Beyond a = 16 p only grows; the limit keeps its power finite.
[[gnu::always_inline]] static inline float gelu_one(float x) {
  constexpr float kFar = 16.0F;
  const float a = lesser(greater(x, -x), kFar);
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

// y[i] = f(x[i]), the last incomplete block as a whole block of which only a part is stored.
template <typename F>
[[gnu::always_inline]] static inline void map(const float* x, std::int64_t n, float* y, F f) {
  const std::int64_t rest = n % kLanes;
  const std::int64_t whole = n - rest;
#pragma omp simd
  for (std::int64_t i = 0; i < whole; ++i) y[i] = f(x[i]);
  if (rest == 0) return;
  float block[kLanes];
#pragma omp simd
  for (std::int64_t l = 0; l < kLanes; ++l) block[l] = l < rest ? x[whole + l] : 0.0F;
#pragma omp simd
  for (std::int64_t l = 0; l < kLanes; ++l) block[l] = f(block[l]);
#pragma omp simd
  for (std::int64_t l = 0; l < kLanes; ++l) {
    if (l < rest) y[whole + l] = block[l];
  }
}

// The comparison is written so that a NaN, were there one, becomes the lower bound.
static inline float clamp(float x, float low, float high) {
  return lesser(greater(x, low), high);
}

static void layer_norm(const float* x, const float* gamma, const float* beta, float eps,
                       std::int64_t n, float* y) {
  const float count = static_cast<float>(n);
  const float mean = sum_of(n, [=](std::int64_t i) { return x[i]; }) / count;
  const auto square = [=](std::int64_t i) { return (x[i] - mean) * (x[i] - mean); };
  const float variance = sum_of(n, square) / count;
  const float rstd = 1.0F / __builtin_sqrtf(variance + eps);
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) y[i] = (((x[i] - mean) * rstd) * gamma[i]) + beta[i];
}

static void softmax(const float* x, float scale, std::int64_t n, float* y) {
  const float peak = max_of(n, [=](std::int64_t i) { return x[i] * scale; });
  map(x, n, y, [=](float v) { return exp_one(v * scale - peak); });
  const float factor = 1.0F / sum_of(n, [=](std::int64_t i) { return y[i]; });
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) y[i] = y[i] * factor;
}

static void softmax_codes(const float* logits, std::int64_t n, float top, std::uint8_t* p,
                          float* sum) {
  constexpr std::int64_t kBlock = 16 * kLanes;  // keeps every element in the lane of the whole row
  const float peak = max_of(n, [=](std::int64_t i) { return logits[i]; });
  float lanes[kLanes] = {};
  for (std::int64_t start = 0; start < n; start += kBlock) {
    const std::int64_t count = n - start < kBlock ? n - start : kBlock;
    float e[kBlock];
    map(logits + start, count, e, [=](float v) { return exp_one(v - peak); });
#pragma omp simd
    for (std::int64_t i = 0; i < count; ++i) {
      p[start + i] = static_cast<std::uint8_t>(bits_of(top * e[i] + kRounder));
    }
    fold(lanes, count, plus, [&e](std::int64_t i) { return e[i]; });
  }
  *sum = join_lanes(lanes, plus);
}

static void exp(const float* x, std::int64_t n, float* y) {
  map(x, n, y, exp_one);
}

static void gelu(const float* x, std::int64_t n, float* y) {
  map(x, n, y, gelu_one);
}

static void relu(const float* x, std::int64_t n, float* y) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) y[i] = greater(x[i], 0.0F);
}

static void add(const float* a, const float* b, std::int64_t n, float* y) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) y[i] = a[i] + b[i];
}

static void min_max(const float* x, std::int64_t n, float* lo, float* hi) {
  float least[kLanes];
  float most[kLanes];
  for (float& lane : least) lane = x[0];
  for (float& lane : most) lane = x[0];
  const auto at = [=](std::int64_t i) { return x[i]; };
  fold(least, n, lesser, at);
  fold(most, n, greater, at);
  *lo = join_lanes(least, lesser);
  *hi = join_lanes(most, greater);
}

static void quantize_u8(const float* x, std::int64_t n, float lo, float inverse_scale, float top,
                        std::uint8_t* q) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) {
    const float code = clamp((x[i] - lo) * inverse_scale, 0.0F, top);
    q[i] = static_cast<std::uint8_t>(bits_of(code + kRounder));
  }
}

static void quantize_s8(const float* x, std::int64_t n, float inverse_scale, float top,
                        std::int8_t* q) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) {
    const float code = clamp(x[i] * inverse_scale, -top, top);
    q[i] = static_cast<std::int8_t>(bits_of(code + kRounder));
  }
}

static void linear_epilogue(const std::int32_t* acc, std::int64_t n, float s, float lo,
                            const float* u, const float* r, const float* b, float* y) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) {
    y[i] = ((static_cast<float>(acc[i]) * (s * u[i])) + (lo * r[i])) + b[i];
  }
}

static void unfold(const float* x, const float* shift, const float* factor, std::int64_t n,
                   float* y) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) y[i] = (x[i] - shift[i]) * factor[i];
}

static void widen_range(const float* x, const float* center, std::int64_t n, float* y) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) {
    const float distance = x[i] - center[i];
    y[i] = greater(y[i], greater(distance, -distance));
  }
}

static std::int32_t sum_codes(const std::int8_t* q, std::int64_t n) {
  std::int32_t sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t i = 0; i < n; ++i) sum += q[i];
  return sum;
}

static float dot_codes(const float* x, const std::int8_t* q, std::int64_t n) {
  return sum_of(n, [x, q](std::int64_t i) { return x[i] * static_cast<float>(q[i]); });
}

static void float_codes_u8(const std::uint8_t* q, std::int64_t n, float* y) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) y[i] = static_cast<float>(q[i]);
}

static void float_codes_s8(const std::int8_t* q, std::int64_t n, float* y) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) y[i] = static_cast<float>(q[i]);
}

static constexpr Rows kRows = {
    .layer_norm = layer_norm,
    .softmax = softmax,
    .softmax_codes = softmax_codes,
    .exp = exp,
    .gelu = gelu,
    .relu = relu,
    .add = add,
    .min_max = min_max,
    .quantize_u8 = quantize_u8,
    .quantize_s8 = quantize_s8,
    .linear_epilogue = linear_epilogue,
    .unfold = unfold,
    .widen_range = widen_range,
    .sum_codes = sum_codes,
    .dot_codes = dot_codes,
    .float_codes_u8 = float_codes_u8,
    .float_codes_s8 = float_codes_s8,
};
