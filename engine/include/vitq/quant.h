// SPDX-License-Identifier: Apache-2.0
// How real numbers become integers: the parameters, where they apply, and the scalar functions that
// define quantization. Every kernel equals these functions bit for bit. Equations:
// docs/numerics.md.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <vector>

#include "vitq/graph.h"

namespace vitq {

// One operand of one node: operand 0 of blocks.3.mlp.fc1 is its input, operand 1 its weight.
struct Site {
  NodeId node = 0;
  int operand = 0;

  friend auto operator<=>(const Site&, const Site&) = default;
};

// Where the range of a site comes from.
enum class Range : std::uint8_t {
  kFrozen,     // from calibration, stored in QParams
  kPerRow,     // from the row (token) itself, when it is made
  kPerColumn,  // from the column itself: V over all keys
};

// How the values of a site are stored. Activations: real = lo + scale * q with codes q in
// [0, 2^bits - 1]; weights: real = scale * q with q in [-(2^(bits-1) - 1), 2^(bits-1) - 1].
struct QParams {
  int bits = 8;
  Range range = Range::kPerRow;
  std::vector<float> scale;  // kFrozen: one value, or one per output channel of a weight
  std::vector<float> lo;     // kFrozen activations: one value

  friend bool operator==(const QParams&, const QParams&) = default;
};

// What each site of a graph is stored as; a site that is not here stays in float.
class Scheme {
 public:
  static Scheme float32() { return {}; }
  const QParams* find(Site site) const;
  void set(Site site, QParams params) { sites_[site] = std::move(params); }
  const std::map<Site, QParams>& sites() const { return sites_; }

 private:
  std::map<Site, QParams> sites_;
};

// The largest code of an activation and of a weight.
constexpr std::int32_t top_code(int bits) {
  return (1 << bits) - 1;
}
constexpr std::int32_t top_weight(int bits) {
  return (1 << (bits - 1)) - 1;
}

}  // namespace vitq
