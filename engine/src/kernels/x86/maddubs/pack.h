// SPDX-License-Identifier: Apache-2.0
// Weights are packed for the tiles of tiles.h. Each block of 16 output channels becomes quads of 4
// inputs, gathered into as few runs as the sums of 16 bits allow.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/x86/maddubs/tiles.h"

namespace vitq {

// A layer multiplies so many rows at a time. A block's weights and a panel's codes and sums stay in
// the first two caches; more rows would load the weights less often.
constexpr std::int64_t kPanelRows = 51;

class PackedWeights {
 public:
  // It packs codes [n, k], k a multiple of 4, for activation codes up to `top`, at most 255. The
  // quads that belong to the same inputs add up to the codes, and channels beyond n are 0. In each
  // of the 32 sums of a run the positive weights add up to at most 32767 / top. So do the
  // negative ones in magnitude. Therefore no activations can make a sum, or any part of it,
  // overflow.
  PackedWeights(std::span<const std::int8_t> codes, std::int64_t k, std::int32_t top);

  std::int64_t blocks() const { return static_cast<std::int64_t>(blocks_.size()); }
  TileWeights block(std::int64_t index) const;

 private:
  struct Block {
    std::size_t first_quad;
    std::array<std::int32_t, kMaxDepth> runs;
  };
  std::vector<Block> blocks_;
  struct alignas(kQuadBytes) PackedQuad {
    std::array<std::int8_t, kQuadBytes> codes;
  };
  std::vector<std::int32_t> inputs_;
  std::vector<PackedQuad> quads_;
};

}  // namespace vitq
