// SPDX-License-Identifier: Apache-2.0
// A tile of sums stays in registers while steps along k multiply kTile rows of `a` by kTile columns
// of `b`. A step takes kStep codes of each. `a` is [groups of rows][steps][kTile][kStep]. `b` is
// [groups of columns][starts of kTile sums, then steps][kTile][kStep].
//
// Some instructions multiply signed codes alone. For them `a` is held with its bits flipped by
// kFlip. Code c is then c - offset, or offset - c where the tile subtracts products. Either way
// offset * b is missing, and its sum over a column is where the column's sums start.
//
// Beyond k `a` is held as zeros, so that what `b` has there counts nothing. Groups are whole; sums
// of rows and columns that are not there are not stored.
//
// The namespace of an instruction includes this file. It has defined kName, kTile, kStep, kFlip and
// kOffset (of 16 neighbours along k), kStarts (whether any offset is not zero) and Tile<kRows>. No
// inline function of the standard library is used here: the linker could take this file's copy of
// one for CPUs that cannot run it.

// NEON has 16 codes in a vector.
static constexpr std::int64_t kCodes = 16;
static constexpr std::int64_t kStepBytes = kTile * kStep;
static constexpr std::int64_t kStartBytes = kStarts ? kTile * 4 : 0;

static std::int64_t steps_of(std::int64_t k) {
  return (k + kStep - 1) / kStep;
}

static std::int64_t groups_of(std::int64_t lines) {
  return (lines + kTile - 1) / kTile;
}

static std::int64_t a_bytes(std::int64_t m, std::int64_t k) {
  return groups_of(m) * steps_of(k) * kStepBytes;
}

static std::int64_t b_group_bytes(std::int64_t k) {
  return kStartBytes + steps_of(k) * kStepBytes;
}

static std::int64_t b_bytes(std::int64_t n, std::int64_t k) {
  return groups_of(n) * b_group_bytes(k);
}

// It has a group of rows and one of columns. Of them `rows` and `columns` are there.
struct Groups {
  const std::byte* a;
  const std::byte* b;
  std::int64_t steps, rows, columns;
};

// A tile at the edge goes by way of a buffer.
template <unsigned kRows>
static void multiply_tile(const Groups& groups, std::int32_t* c, std::int64_t stride) {
  Tile<kRows> tile;
  tile.start(groups.b);
  const std::byte* left = groups.a;
  const std::byte* right = groups.b + kStartBytes;
#pragma GCC unroll 2
  for (std::int64_t step = 0; step < groups.steps; ++step) {
    tile.add(left, right);
    left += kStepBytes;
    right += kStepBytes;
  }
  if (groups.rows == kRows && groups.columns == kTile) {
    tile.store(c, stride);
    return;
  }
  std::int32_t sums[kRows * kTile];
  tile.store(sums, kTile);
  for (std::int64_t r = 0; r < groups.rows; ++r) {
    for (std::int64_t i = 0; i < groups.columns; ++i) c[r * stride + i] = sums[r * kTile + i];
  }
}

static void multiply_group(const Groups& groups, std::int32_t* c, std::int64_t stride) {
  if (groups.rows > kTile / 2) {
    multiply_tile<kTile>(groups, c, stride);
  } else if (groups.rows > kTile / 4) {
    multiply_tile<kTile / 2>(groups, c, stride);
  } else {
    multiply_tile<kTile / 4>(groups, c, stride);
  }
}

// A group of columns stays in the first cache while all rows are multiplied by it.
static void multiply(const CodeGemmShape& s, const std::byte* a, const std::byte* b,
                     std::int32_t* c) {
  Groups groups = {.a = a, .b = b, .steps = steps_of(s.k), .rows = 0, .columns = 0};
  for (std::int64_t column = 0; column < s.n; column += kTile) {
    groups.columns = s.n - column < kTile ? s.n - column : kTile;
    groups.a = a;
    for (std::int64_t row = 0; row < s.m; row += kTile) {
      groups.rows = s.m - row < kTile ? s.m - row : kTile;
      multiply_group(groups, c + row * s.n + column, s.n);
      groups.a += groups.steps * kStepBytes;
    }
    groups.b += b_group_bytes(s.k);
  }
}

// It puts 16 codes of a line into the line's place of each step, and returns the next place.
static std::byte* put(uint8x16_t codes, std::byte* place, std::int64_t steps) {
#pragma GCC unroll 4
  for (std::int64_t step = 0; step < kCodes / kStep; ++step) {
    if (step == steps) break;
    __builtin_memcpy(place, reinterpret_cast<const std::byte*>(&codes) + step * kStep, kStep);
    place += kStepBytes;
  }
  return place;
}

// Calls take(codes, how many steps they fill) for all codes of a line, 16 at a time. After the last
// ones there is `filler`.
template <typename Take>
[[gnu::always_inline]] static inline void for_each_16(const std::uint8_t* codes, std::int64_t count,
                                                      uint8x16_t filler, const Take& take) {
  std::int64_t i = 0;
  for (; i + kCodes <= count; i += kCodes) take(vld1q_u8(codes + i), kCodes / kStep);
  if (i == count) return;
  __builtin_memcpy(&filler, codes + i, static_cast<std::size_t>(count - i));
  take(filler, steps_of(count - i));
}

static void pack_a_row(const CodeRow<std::uint8_t>& row, std::byte* a) {
  const std::int64_t group = row.index / kTile * steps_of(row.count) * kStepBytes;
  std::byte* place = a + group + row.index % kTile * kStep;
  const uint8x16_t flip = vld1q_u8(kFlip);
  for_each_16(row.codes, row.count, flip, [&](uint8x16_t codes, std::int64_t steps) {
    place = put(veorq_u8(codes, flip), place, steps);
  });
}

// It adds offset * code of 16 codes, in four parts.
static int32x4_t add_offsets(int32x4_t sums, int8x16_t codes) {
  const int16x8_t low = vmovl_s8(vget_low_s8(codes)) * vld1q_s16(kOffset);
  const int16x8_t high = vmovl_high_s8(codes) * vld1q_s16(kOffset + kCodes / 2);
  return vpadalq_s16(vpadalq_s16(sums, low), high);
}

static void pack_b_column(const CodeRow<std::int8_t>& column, std::byte* b) {
  std::byte* group = b + column.index / kTile * b_group_bytes(column.count);
  std::byte* place = group + kStartBytes + column.index % kTile * kStep;
  int32x4_t start = vdupq_n_s32(0);
  for_each_16(reinterpret_cast<const std::uint8_t*>(column.codes), column.count, vdupq_n_u8(0),
              [&](uint8x16_t codes, std::int64_t steps) {
                place = put(codes, place, steps);
                start = add_offsets(start, vreinterpretq_s8_u8(codes));
              });
  if (kStarts) {
    const std::int32_t sum = vaddvq_s32(start);
    __builtin_memcpy(group + column.index % kTile * 4, &sum, sizeof(sum));
  }
}

// One code each of some columns of a group.
struct GroupRow {
  const std::int8_t* codes;
  std::int64_t columns, index, k;
};

static void add_to_starts(const GroupRow& row, std::byte* group) {
  const std::int32_t offset = kOffset[row.index % kCodes];
  for (std::int64_t i = 0; i < row.columns; ++i) {
    std::int32_t start = 0;
    if (row.index > 0) __builtin_memcpy(&start, group + 4 * i, sizeof(start));
    start += offset * row.codes[i];
    __builtin_memcpy(group + 4 * i, &start, sizeof(start));
  }
}

[[gnu::always_inline]] static inline void put_group_row(const GroupRow& row, std::byte* group) {
  if (kStarts) add_to_starts(row, group);
  std::byte* place = group + kStartBytes + row.index / kStep * kStepBytes + row.index % kStep;
  for (std::int64_t i = 0; i < row.columns; ++i) {
    place[i * kStep] = static_cast<std::byte>(row.codes[i]);
  }
}

static void pack_b_row(const CodeRow<std::int8_t>& row, std::int64_t k, std::byte* b) {
  const CodeRow<std::int8_t> from = row;  // not aliased by the bytes that are written
  const std::int64_t bytes = b_group_bytes(k);
  std::int64_t column = 0;
  for (; column + kTile <= from.count; column += kTile, b += bytes) {
    put_group_row({from.codes + column, kTile, from.index, k}, b);
  }
  if (column < from.count) {
    put_group_row({from.codes + column, from.count - column, from.index, k}, b);
  }
}

static constexpr CodeGemm kGemm = {
    .name = kName,
    .a_bytes = a_bytes,
    .b_bytes = b_bytes,
    .multiply = multiply,
    .pack_a_row = pack_a_row,
    .pack_b_column = pack_b_column,
    .pack_b_row = pack_b_row,
};

const CodeGemm& table() {
  return kGemm;
}
