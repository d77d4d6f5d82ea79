// SPDX-License-Identifier: Apache-2.0
// Instructions multiply steps of neighbours along k and add them to one lane of 32 bits. A step is
// two codes held in 16 bits each, or four in 8. `a` is [m][steps][codes of a step]. `b` is
// [blocks of columns][steps][columns of a block][codes of a step]. Beyond k `a` has zeros, so that
// what `b` has there counts nothing.
//
// The namespace of an instruction includes this file, then table.inl, wide.inl or both. It has
// defined CodeA and CodeB (a held code), Vector (of kLanes s32), kTileRows and add_products. No
// inline function of the standard library is used here: the linker could take this file's copy of
// one for CPUs that cannot run it.

constexpr std::int64_t kStep = 4 / static_cast<std::int64_t>(sizeof(CodeA));
constexpr std::int64_t kColumns = 2 * kLanes;  // of a block

static std::int64_t steps_of(std::int64_t k) {
  return (k + kStep - 1) / kStep;
}

static std::int64_t a_bytes(std::int64_t m, std::int64_t k) {
  return m * steps_of(k) * 4;
}

static std::int64_t b_bytes(std::int64_t n, std::int64_t k) {
  return (n + kColumns - 1) / kColumns * kColumns * steps_of(k) * 4;
}

static Vector load(const std::byte* from) {
  Vector vector;
  __builtin_memcpy(&vector, from, sizeof(vector));
  return vector;
}

// It puts one step in every lane.
static Vector spread(const std::byte* step) {
  std::int32_t codes = 0;
  __builtin_memcpy(&codes, step, sizeof(codes));
  return Vector{} + codes;
}

// It has rows of `a` and a block of columns of `b`.
struct Block {
  const std::byte* a;
  const std::byte* b;
  std::int64_t rows, steps;
};

// It multiplies kRows rows by kVectors vectors of columns, to rows of `stride` sums.
template <unsigned kRows, unsigned kVectors>
static void multiply_tile(const Block& block, std::int32_t* sums, std::int64_t stride) {
  Vector sum[kRows][kVectors] = {};
  const std::byte* right = block.b;
  const std::byte* left = block.a;
  for (std::int64_t step = 0; step < block.steps; ++step) {
    Vector columns[kVectors];
#pragma GCC unroll 2
    for (unsigned v = 0; v < kVectors; ++v) columns[v] = load(right + 4 * kLanes * v);
#pragma GCC unroll 12
    for (unsigned r = 0; r < kRows; ++r) {
      const Vector row = spread(left + 4 * block.steps * r);
#pragma GCC unroll 2
      for (unsigned v = 0; v < kVectors; ++v) sum[r][v] = add_products(sum[r][v], row, columns[v]);
    }
    left += 4;
    right += 4 * kColumns;
  }
#pragma GCC unroll 12
  for (unsigned r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (unsigned v = 0; v < kVectors; ++v) {
      __builtin_memcpy(sums + r * stride + kLanes * v, &sum[r][v], sizeof(Vector));
    }
  }
}

template <unsigned kRows, unsigned kVectors>
static void multiply_rows(Block& block, std::int32_t*& sums, std::int64_t stride) {
  while (block.rows >= kRows) {
    multiply_tile<kRows, kVectors>(block, sums, stride);
    block.rows -= kRows;
    block.a += kRows * block.steps * 4;
    sums += kRows * stride;
  }
}

template <unsigned kVectors>
static void multiply_block(Block block, std::int32_t* sums, std::int64_t stride) {
  multiply_rows<kTileRows, kVectors>(block, sums, stride);
  multiply_rows<4, kVectors>(block, sums, stride);
  multiply_rows<2, kVectors>(block, sums, stride);
  multiply_rows<1, kVectors>(block, sums, stride);
}

// Columns that do not fill a block go by way of a buffer.
static void multiply_last(const CodeGemmShape& s, const Block& block, std::int32_t* c) {
  constexpr std::int64_t kRows = 2 * kTileRows;
  const std::int64_t width = s.n % kColumns;
  for (std::int64_t row = 0; row < s.m; row += kRows) {
    const std::int64_t rows = s.m - row < kRows ? s.m - row : kRows;
    const Block part = {block.a + row * block.steps * 4, block.b, rows, block.steps};
    std::int32_t sums[kRows * kColumns];
    if (width > kLanes) {
      multiply_block<2>(part, sums, kColumns);
    } else {
      multiply_block<1>(part, sums, kColumns);
    }
    for (std::int64_t r = 0; r < rows; ++r) {
      std::int32_t* to = c + (row + r) * s.n + s.n - width;
      for (std::int64_t i = 0; i < width; ++i) to[i] = sums[r * kColumns + i];
    }
  }
}

static void multiply(const CodeGemmShape& s, const std::byte* a, const std::byte* b,
                     std::int32_t* c) {
  const std::int64_t steps = steps_of(s.k);
  const std::int64_t whole = s.n / kColumns * kColumns;
  for (std::int64_t column = 0; column < whole; column += kColumns) {
    multiply_block<2>({a, b + column * steps * 4, s.m, steps}, c + column, s.n);
  }
  if (whole < s.n) multiply_last(s, {a, b + whole * steps * 4, s.m, steps}, c);
}

template <typename Code>
static void pack_a_row(const CodeRow<Code>& row, std::byte* a) {
  const CodeRow<Code> from = row;  // not aliased by the bytes that are written
  const std::int64_t filled = steps_of(from.count) * kStep;
  CodeA* to = reinterpret_cast<CodeA*>(a) + from.index * filled;
  for (std::int64_t i = 0; i < from.count; ++i) to[i] = from.codes[i];
  for (std::int64_t i = from.count; i < filled; ++i) to[i] = 0;
}

template <typename Code>
static void pack_b_column(const CodeRow<Code>& column, std::byte* b) {
  const std::int64_t steps = steps_of(column.count);
  std::byte* to = b + (column.index / kColumns * kColumns * steps + column.index % kColumns) * 4;
  std::int64_t i = 0;
  for (; i + kStep <= column.count; i += kStep, to += kColumns * 4) {
    CodeB step[kStep];
#pragma GCC unroll 4
    for (std::int64_t g = 0; g < kStep; ++g) step[g] = column.codes[i + g];
    __builtin_memcpy(to, step, 4);
  }
  for (std::int64_t g = 0; i < column.count; ++i, ++g) {
    reinterpret_cast<CodeB*>(to)[g] = column.codes[i];
  }
}

// A row adds its bits to steps that the rows before it have begun.
template <typename Code>
static void pack_b_row(const CodeRow<Code>& row, std::int64_t k, std::byte* b) {
  const std::int64_t steps = steps_of(k);
  const auto place = static_cast<unsigned>(row.index % kStep * (32 / kStep));
  const std::uint32_t mask = 0xFFFFFFFFU >> (32 - 32 / kStep);
  for (std::int64_t column = 0; column < row.count; column += kColumns) {
    auto* to = reinterpret_cast<std::uint32_t*>(b) + column * steps + row.index / kStep * kColumns;
    const Code* codes = row.codes + column;
    const std::int64_t width = row.count - column < kColumns ? row.count - column : kColumns;
    if (place == 0) {
      for (std::int64_t i = 0; i < width; ++i) to[i] = static_cast<std::uint32_t>(codes[i]) & mask;
    } else {
      for (std::int64_t i = 0; i < width; ++i) {
        to[i] |= (static_cast<std::uint32_t>(codes[i]) & mask) << place;
      }
    }
  }
}
