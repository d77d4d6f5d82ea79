// SPDX-License-Identifier: Apache-2.0
// These are the loops behind rows.h, which states the formulas. Each rows_TIER.cpp includes this
// file in a namespace of its own, with kVector (floats in a vector) and order.inl or its like. It
// compiles them with the flags of its tier, and the compiler vectorizes.
//
// Everything is static and nothing of the standard library is used. Otherwise the linker could
// choose an inline function compiled for a high tier to serve the whole program. `omp simd`
// promises independent iterations, which lets a loop work in place without a check at run time. It
// also keeps a loop over lanes from being unrolled before it is vectorized.

static constexpr std::int64_t kLanes = 16;

#include "kernels/rows/functions.inl"

static inline float plus(float a, float b) {
  return a + b;
}

// Each lane takes its elements in rising order.
template <typename Join, typename At>
[[gnu::always_inline]] static inline void reduce_into(float* lanes, std::int64_t n, Join join,
                                                      At at) {
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
  reduce_into(lanes, n, join, at);
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

// y[i] becomes make(i). A block is made before it is stored, so that its vectors can be made side
// by side though `y` may be an input. Bytes fill vectors in larger blocks.
template <typename T, typename Make>
[[gnu::always_inline]] static inline void fill(T* y, std::int64_t n, Make make) {
  constexpr std::int64_t kBlock = sizeof(T) == 1 ? 2 * kLanes : kLanes;
  std::int64_t i = 0;
  for (; i + kBlock <= n; i += kBlock) {
    T block[static_cast<std::size_t>(kBlock)];
#pragma omp simd
    for (std::int64_t l = 0; l < kBlock; ++l) block[l] = make(i + l);
#pragma omp simd
    for (std::int64_t l = 0; l < kBlock; ++l) y[i + l] = block[l];
  }
#pragma omp simd
  for (std::int64_t l = i; l < n; ++l) y[l] = make(l);
}

// y[i] becomes f(x[i]). The last incomplete block is computed whole, and a part of it is stored.
template <typename F>
[[gnu::always_inline]] static inline void map(const float* x, std::int64_t n, float* y, F f) {
  const std::int64_t rest = n % kLanes;
  const std::int64_t whole = n - rest;
  fill(y, whole, [=](std::int64_t i) { return f(x[i]); });
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
  fill(y, n, [=](std::int64_t i) { return (((x[i] - mean) * rstd) * gamma[i]) + beta[i]; });
}

static void softmax(const float* x, float scale, std::int64_t n, float* y) {
  const float peak = max_of(n, [=](std::int64_t i) { return x[i] * scale; });
  map(x, n, y, [=](float v) { return exp_one(v * scale - peak); });
  const float factor = 1.0F / sum_of(n, [=](std::int64_t i) { return y[i]; });
  fill(y, n, [=](std::int64_t i) { return y[i] * factor; });
}

static void exp(const float* x, std::int64_t n, float* y) {
  map(x, n, y, exp_one);
}

static void gelu(const float* x, std::int64_t n, float* y) {
  map(x, n, y, gelu_one);
}

static void gate(const float* x, float a, float b, std::int64_t n, float* y) {
  constexpr float kFar = 88.0F;  // the domain of exp
  map(x, n, y, [=](float v) {
    const float power = v * (a + b * (v * v));
    return v / (1.0F + exp_one(lesser(-power, kFar)));
  });
}

static void relu(const float* x, std::int64_t n, float* y) {
  fill(y, n, [=](std::int64_t i) { return greater(x[i], 0.0F); });
}

static void add(const float* a, const float* b, std::int64_t n, float* y) {
  fill(y, n, [=](std::int64_t i) { return a[i] + b[i]; });
}

static inline Part load(const float* from) {
  Part part;
  __builtin_memcpy(&part, from, sizeof(part));
  return part;
}

static inline void store(float* to, Part part) {
  __builtin_memcpy(to, &part, sizeof(part));
}

// So many elements are looked at side by side. Of small vectors more would not fit registers.
static constexpr std::int64_t kRangeBlock = kVector < 8 ? kLanes : 2 * kLanes;

// It finds the range of y[0..n), of which `make(i)` makes the vector from element i on. Several
// vectors hold each end, because one alone waits for its own last step; their order changes no
// result. Vectors that are made go to keep(i, vector). What fills none is in `y` at the end.
template <typename Make, typename Keep>
[[gnu::always_inline]] static inline void range_of(const float* y, std::int64_t n, float* lo,
                                                   float* hi, Make make, Keep keep) {
  constexpr int kParts = kRangeBlock / kVector;
  Part min[kParts];
  Part max[kParts];
#pragma GCC unroll 8
  for (int p = 0; p < kParts; ++p) {
    min[p] = Part{} + __builtin_inff();
    max[p] = Part{} - __builtin_inff();
  }
  std::int64_t i = 0;
  for (; i + kRangeBlock <= n; i += kRangeBlock) {
    Part value[kParts];
#pragma GCC unroll 8
    for (int p = 0; p < kParts; ++p) value[p] = make(i + p * kVector);
#pragma GCC unroll 8
    for (int p = 0; p < kParts; ++p) {
      keep(i + p * kVector, value[p]);
      min[p] = lesser_part(min[p], value[p]);
      max[p] = greater_part(max[p], value[p]);
    }
  }
  float least[kLanes];
  float greatest[kLanes];
#pragma GCC unroll 4
  for (int p = 0; p < kLanes / kVector; ++p) {
    store(least + p * kVector, lesser_part(min[p], min[kParts - kLanes / kVector + p]));
    store(greatest + p * kVector, greater_part(max[p], max[kParts - kLanes / kVector + p]));
  }
  const auto rest = [=](std::int64_t l) { return y[i + l]; };
  reduce_into(least, n - i, lesser, rest);
  reduce_into(greatest, n - i, greater, rest);
  *lo = join_lanes(least, lesser);
  *hi = join_lanes(greatest, greater);
}

static void min_max(const float* x, std::int64_t n, float* lo, float* hi) {
  range_of(
      x, n, lo, hi, [x](std::int64_t i) { return load(x + i); }, [](std::int64_t, Part) {});
}

static void center_scale(const float* x, const float* channel_offset, const float* factor,
                         std::int64_t n, float* y) {
  fill(y, n, [=](std::int64_t i) { return (x[i] - channel_offset[i]) * factor[i]; });
}

static void center_scale_min_max(const CenterScale& x, std::int64_t n, float* y, float* lo,
                                 float* hi) {
  const float* values = x.values;
  const float* channel_offset = x.channel_offset;
  const float* factor = x.factor;
  const std::int64_t whole = n - n % kRangeBlock;
  if (whole < n) {
    center_scale(values + whole, channel_offset + whole, factor + whole, n - whole, y + whole);
  }
  const auto make = [=](std::int64_t i) {
    return (load(values + i) - load(channel_offset + i)) * load(factor + i);
  };
  range_of(y, n, lo, hi, make, [=](std::int64_t i, Part part) { store(y + i, part); });
}

static void widen_range(const float* x, const float* center, std::int64_t n, float* y) {
  fill(y, n, [=](std::int64_t i) { return greater(y[i], __builtin_fabsf(x[i] - center[i])); });
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

#include "kernels/rows/codes.inl"

static constexpr RowKernels kRowKernels = {
    .layer_norm = layer_norm,
    .softmax = softmax,
    .softmax_codes = softmax_codes,
    .softmax_digits = softmax_digits,
    .exp = exp,
    .gelu = gelu,
    .gate = gate,
    .relu = relu,
    .add = add,
    .min_max = min_max,
    .quantize_u8 = quantize_u8,
    .quantize_s8 = quantize_s8,
    .quantize_u16 = quantize_u16,
    .quantize_s16 = quantize_s16,
    .join_u16 = join_u16,
    .join_s16 = join_s16,
    .linear_epilogue = linear_epilogue,
    .digits_epilogue = digits_epilogue,
    .center_scale = center_scale,
    .center_scale_min_max = center_scale_min_max,
    .widen_range = widen_range,
    .sum_codes = sum_codes,
    .dot_codes = dot_codes,
};
