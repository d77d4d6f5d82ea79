// SPDX-License-Identifier: Apache-2.0
// A tile of sums stays in registers while a step along k multiplies a column of `a` by a row of
// `b`.
//
// The namespace of an instruction set includes this file. It has defined kName, kLanes (floats in a
// vector) and kTileRows. No inline function of the standard library is used here: the linker could
// take this file's copy of one for CPUs that cannot run it.

using Vector = float __attribute__((vector_size(4 * kLanes)));

static constexpr std::int64_t kColumns = 2 * kLanes;  // of a block

static inline Vector load(const float* from) {
  Vector vector;
  __builtin_memcpy(&vector, from, sizeof(vector));
  return vector;
}

static inline void store(float* to, Vector vector) {
  __builtin_memcpy(to, &vector, sizeof(vector));
}

// It multiplies kRows rows by kVectors vectors of columns, to rows of c.c_stride sums.
template <unsigned kRows, unsigned kVectors>
static void multiply_tile(const FloatBlock& block) {
  const FloatBlock tile = block;  // not aliased by the sums that are written
  Vector sum[kRows][kVectors] = {};
  const float* right = tile.b;
  const float* left = tile.a;
  for (std::int64_t step = 0; step < tile.k; ++step) {
    Vector columns[kVectors];
#pragma GCC unroll 2
    for (unsigned v = 0; v < kVectors; ++v) columns[v] = load(right + kLanes * v);
#pragma GCC unroll 12
    for (unsigned r = 0; r < kRows; ++r) {
      // Zero is subtracted, since the sum of -0 and 0 is another number.
      const Vector row = left[tile.a_stride * r] - Vector{};
#pragma GCC unroll 2
      for (unsigned v = 0; v < kVectors; ++v) sum[r][v] += row * columns[v];
    }
    ++left;
    right += kColumns;
  }
#pragma GCC unroll 12
  for (unsigned r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (unsigned v = 0; v < kVectors; ++v) {
      float* to = tile.c + r * tile.c_stride + kLanes * v;
      store(to, tile.accumulate ? load(to) + sum[r][v] : sum[r][v]);
    }
  }
}

template <unsigned kRows, unsigned kVectors>
static void multiply_rows(FloatBlock& block) {
  while (block.m >= kRows) {
    multiply_tile<kRows, kVectors>(block);
    block.m -= kRows;
    block.a += kRows * block.a_stride;
    block.c += kRows * block.c_stride;
  }
}

template <unsigned kVectors>
static void multiply_columns(FloatBlock block) {
  multiply_rows<kTileRows, kVectors>(block);
  multiply_rows<4, kVectors>(block);
  multiply_rows<2, kVectors>(block);
  multiply_rows<1, kVectors>(block);
}

// Columns that do not fill a block go by way of a buffer.
static void multiply_last(const FloatBlock& block) {
  constexpr std::int64_t kRows = 2 * kTileRows;
  for (std::int64_t row = 0; row < block.m; row += kRows) {
    float sums[kRows * kColumns];
    FloatBlock part = block;
    part.a = block.a + row * block.a_stride;
    part.c = sums;
    part.c_stride = kColumns;
    part.m = block.m - row < kRows ? block.m - row : kRows;
    part.accumulate = false;
    if (block.n > kLanes) {
      multiply_columns<2>(part);
    } else {
      multiply_columns<1>(part);
    }
    for (std::int64_t r = 0; r < part.m; ++r) {
      float* to = block.c + (row + r) * block.c_stride;
      const float* from = sums + r * kColumns;
      for (std::int64_t i = 0; i < block.n; ++i) {
        to[i] = block.accumulate ? to[i] + from[i] : from[i];
      }
    }
  }
}

static void multiply(const FloatBlock& whole) {
  FloatBlock block = whole;
  for (; block.n >= kColumns; block.n -= kColumns) {
    multiply_columns<2>(block);
    block.b += kColumns * block.k;
    block.c += kColumns;
  }
  if (block.n > 0) multiply_last(block);
}

static constexpr FloatGemm kGemm = {.name = kName, .columns = kColumns, .multiply = multiply};

const FloatGemm& table() {
  return kGemm;
}
