// SPDX-License-Identifier: Apache-2.0
#include "kernels/x86/maddubs/pack.h"

#include <algorithm>
#include <cstring>

#include "kernels/split.h"

namespace vitq {
namespace {

using QuadCodes = std::array<std::int8_t, kQuadBytes>;

// Vectors of 128 bits, which every x86-64 has.
constexpr std::size_t kVectorBytes = 16;
using Codes = std::int8_t __attribute__((vector_size(kVectorBytes)));
using UnsignedCodes = std::uint8_t __attribute__((vector_size(kVectorBytes)));
using Words = std::int16_t __attribute__((vector_size(kVectorBytes)));
using UnsignedWords = std::uint16_t __attribute__((vector_size(kVectorBytes)));
using Halves = std::int64_t __attribute__((vector_size(kVectorBytes)));

// It has the sum of what is positive in each pair of codes, then minus the sum of what is negative.
struct Sums {
  static constexpr std::size_t kVectors = kQuadBytes / kVectorBytes;
  std::array<Words, 2 * kVectors> words = {};

  void add(const Sums& other) {
    for (std::size_t i = 0; i < words.size(); ++i) words[i] += other.words[i];
  }
};

struct Quad {
  QuadCodes codes;
  std::int32_t input;
  Sums sums;
};

struct SumRun {
  std::array<std::size_t, kMaxDepth> quads;
  std::size_t depth = 0;
  Sums sums;
};

// Adds the two unsigned bytes of each word.
Words pair_sums(Codes bytes) {
  constexpr int kByte = 8;
  constexpr std::uint16_t kLow = 0xFF;
  const UnsignedWords pairs = reinterpret_cast<UnsignedWords>(bytes);
  return reinterpret_cast<Words>((pairs & kLow) + (pairs >> kByte));
}

Sums sums_of(const QuadCodes& codes) {
  Sums sums;
  for (std::size_t i = 0; i < Sums::kVectors; ++i) {
    Codes part;
    std::memcpy(&part, &codes[i * kVectorBytes], sizeof(part));
    sums.words[i] = pair_sums(part & (part > 0));
    // The magnitude of -128 is a byte without a sign.
    const Codes opposite = reinterpret_cast<Codes>(-reinterpret_cast<UnsignedCodes>(part));
    sums.words[Sums::kVectors + i] = pair_sums(opposite & (part < 0));
  }
  return sums;
}

bool fit(const Sums& a, const Sums& b, std::int16_t limit) {
  Words above = {};
#pragma GCC unroll 8
  for (std::size_t i = 0; i < a.words.size(); ++i) above |= a.words[i] + b.words[i] > limit;
  const Halves any = reinterpret_cast<Halves>(above);
  return (any[0] | any[1]) == 0;
}

// It returns the codes with every pair brought to the limit.
QuadCodes limited(const QuadCodes& codes, std::int32_t limit) {
  QuadCodes result = codes;
  for (std::size_t i = 0; i < codes.size(); i += 2) {
    std::int32_t a = codes[i];
    std::int32_t b = codes[i + 1];
    limit_pair(a, b, limit);
    result[i] = static_cast<std::int8_t>(a);
    result[i + 1] = static_cast<std::int8_t>(b);
  }
  return result;
}

// It gathers the quads of a block and leaves out those that hold nothing.
class BlockQuads {
 public:
  BlockQuads(std::span<const std::int8_t> codes, std::int64_t k, std::int16_t limit)
      : codes_(codes), k_(k), limit_(limit) {}

  void find(std::int64_t block, std::vector<Quad>& quads) const {
    quads.clear();
    for (std::int64_t input = 0; input < k_; input += kQuadInputs) {
      QuadCodes left = gather(block, input);
      while (left != QuadCodes{}) {
        quads.push_back({left, static_cast<std::int32_t>(input), sums_of(left)});
        Quad& quad = quads.back();
        if (fit(quad.sums, {}, limit_)) break;
        quad.codes = limited(left, limit_);
        quad.sums = sums_of(quad.codes);
        for (std::size_t i = 0; i < left.size(); ++i) {
          left[i] = static_cast<std::int8_t>(left[i] - quad.codes[i]);
        }
      }
    }
  }

 private:
  QuadCodes gather(std::int64_t block, std::int64_t input) const {
    const std::int64_t outputs = static_cast<std::int64_t>(codes_.size()) / k_;
    const std::int64_t first = block * kBlockColumns;
    QuadCodes quad = {};
    for (std::int64_t c = 0; c < std::min(kBlockColumns, outputs - first); ++c) {
      std::memcpy(&quad[static_cast<std::size_t>(c * kQuadInputs)],
                  &codes_[static_cast<std::size_t>((first + c) * k_ + input)], kQuadInputs);
    }
    return quad;
  }

  std::span<const std::int8_t> codes_;
  std::int64_t k_;
  std::int16_t limit_;
};

// Each quad goes to the first run that can take it.
void fill_runs(const std::vector<Quad>& quads, std::int16_t limit, std::vector<SumRun>& runs) {
  runs.clear();
  std::vector<std::size_t> open;  // runs that are not full
  for (std::size_t i = 0; i < quads.size(); ++i) {
    const Sums& sums = quads[i].sums;
    auto found = std::find_if(open.begin(), open.end(),
                              [&](std::size_t run) { return fit(runs[run].sums, sums, limit); });
    if (found == open.end()) {
      found = open.insert(found, runs.size());
      runs.emplace_back();
    }
    SumRun& run = runs[*found];
    run.quads[run.depth++] = i;
    run.sums.add(sums);
    if (run.depth == kMaxDepth) open.erase(found);
  }
}

}  // namespace

PackedWeights::PackedWeights(std::span<const std::int8_t> codes, std::int64_t k, std::int32_t top) {
  const auto limit = static_cast<std::int16_t>(32767 / top);
  const BlockQuads quads_of_block(codes, k, limit);
  const std::int64_t outputs = static_cast<std::int64_t>(codes.size()) / k;
  std::vector<Quad> quads;
  std::vector<SumRun> runs;
  const std::int64_t whole_quads = (outputs + kBlockColumns - 1) / kBlockColumns * k / kQuadInputs;
  quads_.reserve(static_cast<std::size_t>(whole_quads));
  inputs_.reserve(static_cast<std::size_t>(whole_quads));
  for (std::int64_t block = 0; block * kBlockColumns < outputs; ++block) {
    quads_of_block.find(block, quads);
    fill_runs(quads, limit, runs);
    blocks_.push_back({quads_.size(), {}});
    for (std::size_t depth = kMaxDepth; depth > 0; --depth) {
      for (const SumRun& run : runs) {
        if (run.depth != depth) continue;
        ++blocks_.back().runs[kMaxDepth - depth];
        for (std::size_t i = 0; i < depth; ++i) {
          quads_.push_back({quads[run.quads[i]].codes});
          inputs_.push_back(quads[run.quads[i]].input);
        }
      }
    }
  }
}

TileWeights PackedWeights::block(std::int64_t index) const {
  const Block& block = blocks_[static_cast<std::size_t>(index)];
  return {reinterpret_cast<const std::int8_t*>(quads_.data() + block.first_quad),
          inputs_.data() + block.first_quad, block.runs.data()};
}

}  // namespace vitq
