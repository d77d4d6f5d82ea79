// SPDX-License-Identifier: Apache-2.0
// Codes of fewer than 8 bits, side by side in bytes.
#include <array>
#include <cstring>

#include "core/text.h"
#include "vitq/error.h"
#include "vitq/quant.h"

namespace vitq {
namespace {

constexpr int kByte = 8;

std::int64_t columns_of(const Shape& shape) {
  return shape[0] == 0 ? 0 : shape.elements() / shape[0];
}

void pack_row(std::span<const std::int8_t> codes, std::span<std::uint8_t> bytes, int bits) {
  const unsigned mask = (1U << static_cast<unsigned>(bits)) - 1;
  unsigned waiting = 0;  // bits that no byte has taken yet, and how many
  int count = 0;
  std::size_t next = 0;
  for (const std::int8_t code : codes) {
    waiting |= (static_cast<unsigned>(code) & mask) << static_cast<unsigned>(count);
    for (count += bits; count >= kByte; count -= kByte) {
      bytes[next++] = static_cast<std::uint8_t>(waiting);
      waiting >>= kByte;
    }
  }
  if (count > 0) bytes[next] = static_cast<std::uint8_t>(waiting);
}

struct CodeBits {
  explicit CodeBits(int bits) : width(static_cast<unsigned>(bits)) {}
  std::int8_t lowest_of(std::uint64_t word) const {
    const int sign = 1 << (width - 1);
    const auto value = static_cast<int>(word & ((1U << width) - 1));
    return static_cast<std::int8_t>((value ^ sign) - sign);
  }
  unsigned width;
};

// Eight codes that lie side by side in a word, as eight bytes. The word's fields are halved three
// times, and the halves moved apart.
class CodeSpreader {
 public:
  explicit CodeSpreader(int bits)
      : width_(static_cast<unsigned>(bits)),
        steps_{Split(4 * width_, 32), Split(2 * width_, 16), Split(width_, kByte)},
        ones_(repeated(1, kByte)) {}

  std::uint64_t spread(std::uint64_t word) const {
#pragma GCC unroll 3
    for (const Split& step : steps_) {
      word = (word & step.lower) | (word & step.upper) << step.distance;
    }
    // The bits above a code are as its sign.
    const std::uint64_t negative = word >> (width_ - 1) & ones_;
    return word | negative * ((1U << kByte) - (1U << width_));
  }

 private:
  struct Split {
    // Fields of 2 x `half` bits have two halves of `count` bits.
    Split(unsigned count, unsigned half)
        : lower(repeated((std::uint64_t{1} << count) - 1, 2 * half)),
          upper(lower << count),
          distance(half - count) {}
    std::uint64_t lower;
    std::uint64_t upper;
    unsigned distance;
  };
  static std::uint64_t repeated(std::uint64_t value, unsigned distance) {
    for (; distance < 64; distance *= 2) value |= value << distance;
    return value;
  }

  unsigned width_;
  std::array<Split, 3> steps_;
  std::uint64_t ones_;
};

// Answers what is left over.
unsigned unpack_row(std::span<const std::uint8_t> bytes, std::span<std::int8_t> codes, int bits) {
  constexpr std::size_t kCodes = 8;  // fill whole bytes
  const CodeBits code(bits);
  const CodeSpreader spreader(bits);
  std::size_t i = 0;
  std::size_t next = 0;
  std::uint64_t waiting = 0;
  for (; i + kCodes <= codes.size() && next + sizeof(waiting) <= bytes.size(); i += kCodes) {
    std::memcpy(&waiting, &bytes[next], sizeof(waiting));
    const std::uint64_t eight = spreader.spread(waiting);
    std::memcpy(&codes[i], &eight, sizeof(eight));
    next += code.width;
  }
  waiting = 0;
  for (unsigned count = 0; i < codes.size(); ++i, count -= code.width) {
    if (count < code.width) {
      waiting |= static_cast<std::uint64_t>(bytes[next++]) << count;
      count += kByte;
    }
    codes[i] = code.lowest_of(waiting);
    waiting >>= code.width;
  }
  return static_cast<unsigned>(waiting);
}

}  // namespace

std::int64_t bit_packed_row_bytes(std::int64_t columns, int bits) {
  return (columns * bits + kByte - 1) / kByte;
}

Tensor bit_packed(const Tensor& codes, int bits) {
  const std::int64_t rows = codes.shape()[0];
  const auto k = static_cast<std::size_t>(columns_of(codes.shape()));
  const auto row = static_cast<std::size_t>(bit_packed_row_bytes(columns_of(codes.shape()), bits));
  Tensor bytes({rows * static_cast<std::int64_t>(row)}, DType::kU8);
  for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r) {
    pack_row(codes.as<std::int8_t>().subspan(r * k, k),
             bytes.as<std::uint8_t>().subspan(r * row, row), bits);
  }
  return bytes;
}

Tensor bit_unpacked(const Tensor& bytes, const Shape& shape, int bits) {
  const std::int64_t rows = shape[0];
  const auto k = static_cast<std::size_t>(columns_of(shape));
  const auto row = static_cast<std::size_t>(bit_packed_row_bytes(columns_of(shape), bits));
  const Shape expected = {rows * static_cast<std::int64_t>(row)};
  if (bytes.dtype() != DType::kU8 || bytes.shape() != expected) {
    throw WeightError(cat("expected packed codes u8 ", expected.str(), ", found ",
                          name_of(bytes.dtype()), " ", bytes.shape().str()));
  }
  Tensor codes(shape, DType::kS8);
  for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r) {
    const std::span<std::int8_t> to = codes.as<std::int8_t>().subspan(r * k, k);
    const unsigned rest = unpack_row(bytes.as<std::uint8_t>().subspan(r * row, row), to, bits);
    if (rest != 0) throw WeightError(cat("row ", r, ": bits beyond the last code are not 0"));
  }
  return codes;
}

}  // namespace vitq
