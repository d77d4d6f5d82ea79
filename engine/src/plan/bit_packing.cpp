// SPDX-License-Identifier: Apache-2.0
// Codes of other than 8 bits, side by side in bytes.
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

// Codes are s8, or s16 of more than 8 bits.
template <typename Code>
void pack_row(std::span<const Code> codes, std::span<std::uint8_t> bytes, int bits) {
  const unsigned mask = (1U << static_cast<unsigned>(bits)) - 1;
  unsigned waiting = 0;  // bits that no byte has taken yet, and how many
  int count = 0;
  std::size_t next = 0;
  for (const Code code : codes) {
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
  std::int32_t lowest_of(std::uint64_t word) const {
    const int sign = 1 << (width - 1);
    const auto value = static_cast<int>(word & ((1U << width) - 1));
    return (value ^ sign) - sign;
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
template <typename Code>
unsigned unpack_codes(std::span<const std::uint8_t> bytes, std::span<Code> codes, int bits) {
  const CodeBits code(bits);
  std::uint64_t waiting = 0;
  std::size_t next = 0;
  unsigned count = 0;
  for (Code& to : codes) {
    for (; count < code.width; count += kByte) {
      waiting |= static_cast<std::uint64_t>(bytes[next++]) << count;
    }
    to = static_cast<Code>(code.lowest_of(waiting));
    waiting >>= code.width;
    count -= code.width;
  }
  return static_cast<unsigned>(waiting);
}

unsigned unpack_row(std::span<const std::uint8_t> bytes, std::span<std::int16_t> codes, int bits) {
  return unpack_codes(bytes, codes, bits);
}

unsigned unpack_row(std::span<const std::uint8_t> bytes, std::span<std::int8_t> codes, int bits) {
  constexpr std::size_t kCodes = 8;  // fill whole bytes
  const CodeSpreader spreader(bits);
  std::size_t i = 0;
  std::size_t next = 0;
  std::uint64_t waiting = 0;
  for (; i + kCodes <= codes.size() && next + sizeof(waiting) <= bytes.size(); i += kCodes) {
    std::memcpy(&waiting, &bytes[next], sizeof(waiting));
    const std::uint64_t eight = spreader.spread(waiting);
    std::memcpy(&codes[i], &eight, sizeof(eight));
    next += static_cast<std::size_t>(bits);
  }
  return unpack_codes(bytes.subspan(next), codes.subspan(i), bits);
}

template <typename Code>
void pack_rows(const Tensor& codes, Tensor& bytes, int bits) {
  const auto rows = static_cast<std::size_t>(codes.shape()[0]);
  const auto k = static_cast<std::size_t>(columns_of(codes.shape()));
  for (std::size_t r = 0; r < rows; ++r) {
    const std::size_t row = bytes.bytes() / rows;
    pack_row(codes.as<Code>().subspan(r * k, k), bytes.as<std::uint8_t>().subspan(r * row, row),
             bits);
  }
}

template <typename Code>
void unpack_rows(const Tensor& bytes, Tensor& codes, int bits) {
  const auto rows = static_cast<std::size_t>(codes.shape()[0]);
  const auto k = static_cast<std::size_t>(columns_of(codes.shape()));
  for (std::size_t r = 0; r < rows; ++r) {
    const std::size_t row = bytes.bytes() / rows;
    const unsigned rest = unpack_row(bytes.as<std::uint8_t>().subspan(r * row, row),
                                     codes.as<Code>().subspan(r * k, k), bits);
    if (rest != 0) throw WeightError(cat("row ", r, ": bits beyond the last code are not 0"));
  }
}

}  // namespace

std::int64_t bit_packed_row_bytes(std::int64_t columns, int bits) {
  return (columns * bits + kByte - 1) / kByte;
}

Tensor bit_packed(const Tensor& codes, int bits) {
  const Shape& shape = codes.shape();
  Tensor bytes({shape[0] * bit_packed_row_bytes(columns_of(shape), bits)}, DType::kU8);
  if (bits > kDigitBits) {
    pack_rows<std::int16_t>(codes, bytes, bits);
  } else {
    pack_rows<std::int8_t>(codes, bytes, bits);
  }
  return bytes;
}

Tensor bit_unpacked(const Tensor& bytes, const Shape& shape, int bits) {
  const Shape expected = {shape[0] * bit_packed_row_bytes(columns_of(shape), bits)};
  if (bytes.dtype() != DType::kU8 || bytes.shape() != expected) {
    throw WeightError(cat("expected packed codes u8 ", expected.str(), ", found ",
                          name_of(bytes.dtype()), " ", bytes.shape().str()));
  }
  Tensor codes(shape, bits > kDigitBits ? DType::kS16 : DType::kS8);
  if (bits > kDigitBits) {
    unpack_rows<std::int16_t>(bytes, codes, bits);
  } else {
    unpack_rows<std::int8_t>(bytes, codes, bits);
  }
  return codes;
}

}  // namespace vitq
