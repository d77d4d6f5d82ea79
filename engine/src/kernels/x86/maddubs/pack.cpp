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
constexpr int kByte = 8;
using Codes = std::int8_t __attribute__((vector_size(kVectorBytes)));
using UnsignedCodes = std::uint8_t __attribute__((vector_size(kVectorBytes)));
using Words = std::int16_t __attribute__((vector_size(kVectorBytes)));
using UnsignedWords = std::uint16_t __attribute__((vector_size(kVectorBytes)));
using Halves = std::int64_t __attribute__((vector_size(kVectorBytes)));

// It has the sum of what is positive in each pair of codes, then minus the sum of what is negative.
struct Sums {
  static constexpr std::size_t kVectors = kQuadBytes / kVectorBytes;
  std::array<Words, 2 * kVectors> words = {};

  void take(const Sums& other) {
    for (std::size_t i = 0; i < words.size(); ++i) words[i] -= other.words[i];
  }
};

struct Quad {
  QuadCodes codes;
  std::int32_t input;
  Sums sums;
};

// `room` is what its sums may still take.
struct SumRun {
  std::array<std::size_t, kMaxDepth> quads;
  std::size_t depth = 0;
  Sums room;
};

Codes load(const QuadCodes& codes, std::size_t vector) {
  Codes part;
  std::memcpy(&part, &codes[vector * kVectorBytes], sizeof(part));
  return part;
}

bool empty(const QuadCodes& codes) {
  Codes any = {};
  for (std::size_t i = 0; i < Sums::kVectors; ++i) any |= load(codes, i);
  const Halves halves = reinterpret_cast<Halves>(any);
  return (halves[0] | halves[1]) == 0;
}

// Adds the two unsigned bytes of each word.
Words pair_sums(Codes bytes) {
  constexpr std::uint16_t kLow = 0xFF;
  const UnsignedWords pairs = reinterpret_cast<UnsignedWords>(bytes);
  return reinterpret_cast<Words>((pairs & kLow) + (pairs >> kByte));
}

Sums sums_of(const QuadCodes& codes) {
  Sums sums;
  for (std::size_t i = 0; i < Sums::kVectors; ++i) {
    const Codes part = load(codes, i);
    sums.words[i] = pair_sums(part & (part > 0));
    // The magnitude of -128 is a byte without a sign.
    const Codes opposite = reinterpret_cast<Codes>(-reinterpret_cast<UnsignedCodes>(part));
    sums.words[Sums::kVectors + i] = pair_sums(opposite & (part < 0));
  }
  return sums;
}

bool fit(const Sums& sums, const Sums& room) {
  Words above = {};
#pragma GCC unroll 8
  for (std::size_t i = 0; i < sums.words.size(); ++i) above |= sums.words[i] > room.words[i];
  const Halves any = reinterpret_cast<Halves>(above);
  return (any[0] | any[1]) == 0;
}

// It gathers the quads of a block and leaves out those that hold nothing.
class BlockQuads {
 public:
  BlockQuads(std::span<const std::int8_t> codes, std::int64_t k, std::int16_t limit)
      : codes_(codes), k_(k), limit_(limit), whole_(static_cast<std::size_t>(k / kQuadInputs)) {
    room_.words.fill(Words{} + limit);
  }

  const Sums& room() const { return room_; }
  void find(std::int64_t block, std::vector<Quad>& quads) {
    gather(block);
    quads.clear();
    std::int32_t input = 0;
    for (QuadCodes& left : whole_) {
      while (!empty(left)) {
        quads.push_back({left, input, sums_of(left)});
        Quad& quad = quads.back();
        if (fit(quad.sums, room_)) break;
        limit_pairs(quad.codes, limit_);
        quad.sums = sums_of(quad.codes);
        for (std::size_t i = 0; i < left.size(); ++i) {
          left[i] = static_cast<std::int8_t>(left[i] - quad.codes[i]);
        }
      }
      input += kQuadInputs;
    }
  }

 private:
  void gather(std::int64_t block) {
    const std::int64_t outputs = static_cast<std::int64_t>(codes_.size()) / k_;
    const std::int64_t first = block * kBlockColumns;
    const std::int64_t columns = std::min(kBlockColumns, outputs - first);
    if (columns < kBlockColumns) std::fill(whole_.begin(), whole_.end(), QuadCodes{});
    for (std::int64_t c = 0; c < columns; ++c) {
      const std::int8_t* from = &codes_[static_cast<std::size_t>((first + c) * k_)];
      for (QuadCodes& quad : whole_) {
        std::memcpy(&quad[static_cast<std::size_t>(c * kQuadInputs)], from, kQuadInputs);
        from += kQuadInputs;
      }
    }
  }

  std::span<const std::int8_t> codes_;
  std::int64_t k_;
  std::int16_t limit_;
  Sums room_;                     // of a run without quads
  std::vector<QuadCodes> whole_;  // of a block
};

// Each quad goes to the first run that can take it.
void fill_runs(const std::vector<Quad>& quads, const Sums& room, std::vector<SumRun>& runs) {
  runs.clear();
  std::vector<std::size_t> open;  // runs that are not full
  for (std::size_t i = 0; i < quads.size(); ++i) {
    const Sums& sums = quads[i].sums;
    auto found = std::find_if(open.begin(), open.end(),
                              [&](std::size_t run) { return fit(sums, runs[run].room); });
    if (found == open.end()) {
      found = open.insert(found, runs.size());
      runs.push_back({{}, 0, room});
    }
    SumRun& run = runs[*found];
    run.quads[run.depth++] = i;
    run.room.take(sums);
    if (run.depth == kMaxDepth) open.erase(found);
  }
}

}  // namespace

PackedWeights::PackedWeights(std::span<const std::int8_t> codes, std::int64_t k, std::int32_t top) {
  const auto limit = static_cast<std::int16_t>(32767 / top);
  BlockQuads quads_of_block(codes, k, limit);
  const std::int64_t outputs = static_cast<std::int64_t>(codes.size()) / k;
  std::vector<Quad> quads;
  std::vector<SumRun> runs;
  const std::int64_t whole_quads = (outputs + kBlockColumns - 1) / kBlockColumns * k / kQuadInputs;
  quads_.reserve(static_cast<std::size_t>(whole_quads));
  inputs_.reserve(static_cast<std::size_t>(whole_quads));
  for (std::int64_t block = 0; block * kBlockColumns < outputs; ++block) {
    quads_of_block.find(block, quads);
    fill_runs(quads, quads_of_block.room(), runs);
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
