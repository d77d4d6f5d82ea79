// SPDX-License-Identifier: Apache-2.0
#include "kernels/x86/maddubs/pack.h"

#include <algorithm>
#include <cstring>

#include "kernels/split.h"

namespace vitq {
namespace {

using QuadCodes = std::array<std::int8_t, kQuadBytes>;
// It has the sum of what is positive in each pair of codes, then minus the sum of what is negative.
using Sums = std::array<std::int16_t, kQuadBytes>;

struct Quad {
  QuadCodes codes;
  std::int32_t input;
  Sums sums;
};

struct SumRun {
  std::vector<std::size_t> quads;
  Sums sums;
};

Sums sums_of(const QuadCodes& codes) {
  constexpr std::size_t kPairs = kQuadBytes / 2;
  Sums sums = {};
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const int code = codes[i];
    sums[i / 2] = static_cast<std::int16_t>(sums[i / 2] + std::max(code, 0));
    sums[kPairs + i / 2] = static_cast<std::int16_t>(sums[kPairs + i / 2] - std::min(code, 0));
  }
  return sums;
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

bool fit(const Sums& a, const Sums& b, std::int32_t limit) {
  std::int16_t max = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    max = std::max(max, static_cast<std::int16_t>(a[i] + b[i]));
  }
  return max <= limit;
}

// It gathers the quads of a block and leaves out those that hold nothing.
class BlockQuads {
 public:
  BlockQuads(std::span<const std::int8_t> codes, std::int64_t k, std::int32_t limit)
      : codes_(codes), k_(k), limit_(limit) {}

  std::vector<Quad> of(std::int64_t block) const {
    std::vector<Quad> quads;
    for (std::int64_t input = 0; input < k_; input += kQuadInputs) {
      QuadCodes left = gather(block, input);
      while (left != QuadCodes{}) {
        const QuadCodes part = limited(left, limit_);
        quads.push_back({part, static_cast<std::int32_t>(input), sums_of(part)});
        for (std::size_t i = 0; i < left.size(); ++i) {
          left[i] = static_cast<std::int8_t>(left[i] - part[i]);
        }
      }
    }
    return quads;
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
  std::int32_t limit_;
};

// Each quad goes to the first run that can take it.
std::vector<SumRun> runs_of(const std::vector<Quad>& quads, std::int32_t limit) {
  std::vector<SumRun> runs;
  for (std::size_t i = 0; i < quads.size(); ++i) {
    const Sums& sums = quads[i].sums;
    auto run = std::find_if(runs.begin(), runs.end(), [&](const SumRun& open) {
      return open.quads.size() < kMaxDepth && fit(open.sums, sums, limit);
    });
    if (run == runs.end()) run = runs.insert(run, SumRun{});
    run->quads.push_back(i);
    for (std::size_t s = 0; s < sums.size(); ++s) {
      run->sums[s] = static_cast<std::int16_t>(run->sums[s] + sums[s]);
    }
  }
  std::stable_sort(runs.begin(), runs.end(), [](const SumRun& a, const SumRun& b) {
    return a.quads.size() > b.quads.size();
  });
  return runs;
}

}  // namespace

PackedWeights::PackedWeights(std::span<const std::int8_t> codes, std::int64_t k, std::int32_t top) {
  const std::int32_t limit = 32767 / top;
  const BlockQuads quads_of_block(codes, k, limit);
  const std::int64_t outputs = static_cast<std::int64_t>(codes.size()) / k;
  std::vector<QuadCodes> packed;
  for (std::int64_t block = 0; block * kBlockColumns < outputs; ++block) {
    const std::vector<Quad> quads = quads_of_block.of(block);
    blocks_.push_back({packed.size(), {}});
    for (const SumRun& run : runs_of(quads, limit)) {
      ++blocks_.back().runs[kMaxDepth - run.quads.size()];
      for (const std::size_t quad : run.quads) {
        packed.push_back(quads[quad].codes);
        inputs_.push_back(quads[quad].input);
      }
    }
  }
  codes_ = Tensor({static_cast<std::int64_t>(packed.size()), kQuadBytes}, DType::kS8);
  auto to = codes_.as<std::int8_t>().begin();
  for (const QuadCodes& quad : packed) to = std::copy(quad.begin(), quad.end(), to);
}

TileWeights PackedWeights::block(std::int64_t index) const {
  const Block& block = blocks_[static_cast<std::size_t>(index)];
  return {codes_.as<std::int8_t>().data() + block.first_quad * kQuadBytes,
          inputs_.data() + block.first_quad, block.runs.data()};
}

}  // namespace vitq
