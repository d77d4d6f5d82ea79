// SPDX-License-Identifier: Apache-2.0
#include "kernels/packed/pack.h"

#include <algorithm>
#include <cstring>

#include "kernels/split.h"

namespace vitq {
namespace {

using GroupCodes = std::array<std::int8_t, kGroupBytes>;
// Of each pair of codes the sum of what is positive, then of each the negative of what is negative.
using Sums = std::array<std::int16_t, kGroupBytes>;

struct Group {
  GroupCodes codes;
  std::int32_t input;
  Sums sums;
};

struct Window {
  std::vector<std::size_t> groups;
  Sums sums;
};

Sums sums_of(const GroupCodes& codes) {
  constexpr std::size_t kPairs = kGroupBytes / 2;
  Sums sums = {};
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const int code = codes[i];
    sums[i / 2] = static_cast<std::int16_t>(sums[i / 2] + std::max(code, 0));
    sums[kPairs + i / 2] = static_cast<std::int16_t>(sums[kPairs + i / 2] - std::min(code, 0));
  }
  return sums;
}

// The codes with every pair brought to the limit.
GroupCodes limited(const GroupCodes& codes, std::int32_t limit) {
  GroupCodes result = codes;
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
  std::int16_t most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    most = std::max(most, static_cast<std::int16_t>(a[i] + b[i]));
  }
  return most <= limit;
}

// The groups of a block, those that hold nothing left out.
class BlockGroups {
 public:
  BlockGroups(std::span<const std::int8_t> codes, std::int64_t k, std::int32_t limit)
      : codes_(codes), k_(k), limit_(limit) {}

  std::vector<Group> of(std::int64_t block) const {
    std::vector<Group> groups;
    for (std::int64_t input = 0; input < k_; input += kGroupInputs) {
      GroupCodes left = gather(block, input);
      while (left != GroupCodes{}) {
        const GroupCodes part = limited(left, limit_);
        groups.push_back({part, static_cast<std::int32_t>(input), sums_of(part)});
        for (std::size_t i = 0; i < left.size(); ++i) {
          left[i] = static_cast<std::int8_t>(left[i] - part[i]);
        }
      }
    }
    return groups;
  }

 private:
  GroupCodes gather(std::int64_t block, std::int64_t input) const {
    const std::int64_t outputs = static_cast<std::int64_t>(codes_.size()) / k_;
    const std::int64_t first = block * kBlockColumns;
    GroupCodes group = {};
    for (std::int64_t c = 0; c < std::min(kBlockColumns, outputs - first); ++c) {
      std::memcpy(&group[static_cast<std::size_t>(c * kGroupInputs)],
                  &codes_[static_cast<std::size_t>((first + c) * k_ + input)], kGroupInputs);
    }
    return group;
  }

  std::span<const std::int8_t> codes_;
  std::int64_t k_;
  std::int32_t limit_;
};

// Each group goes to the first window that can take it.
std::vector<Window> windows_of(const std::vector<Group>& groups, std::int32_t limit) {
  std::vector<Window> windows;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const Sums& sums = groups[i].sums;
    auto window = std::find_if(windows.begin(), windows.end(), [&](const Window& open) {
      return open.groups.size() < kMaxDepth && fit(open.sums, sums, limit);
    });
    if (window == windows.end()) window = windows.insert(window, Window{});
    window->groups.push_back(i);
    for (std::size_t s = 0; s < sums.size(); ++s) {
      window->sums[s] = static_cast<std::int16_t>(window->sums[s] + sums[s]);
    }
  }
  std::stable_sort(windows.begin(), windows.end(), [](const Window& a, const Window& b) {
    return a.groups.size() > b.groups.size();
  });
  return windows;
}

}  // namespace

PackedWeights::PackedWeights(std::span<const std::int8_t> codes, std::int64_t k, std::int32_t top) {
  const std::int32_t limit = 32767 / top;
  const BlockGroups groups_of_block(codes, k, limit);
  const std::int64_t outputs = static_cast<std::int64_t>(codes.size()) / k;
  std::vector<GroupCodes> packed;
  for (std::int64_t block = 0; block * kBlockColumns < outputs; ++block) {
    const std::vector<Group> groups = groups_of_block.of(block);
    blocks_.push_back({packed.size(), {}});
    for (const Window& window : windows_of(groups, limit)) {
      ++blocks_.back().windows[kMaxDepth - window.groups.size()];
      for (const std::size_t group : window.groups) {
        packed.push_back(groups[group].codes);
        inputs_.push_back(groups[group].input);
      }
    }
  }
  codes_ = Tensor({static_cast<std::int64_t>(packed.size()), kGroupBytes}, DType::kS8);
  auto to = codes_.as<std::int8_t>().begin();
  for (const GroupCodes& group : packed) to = std::copy(group.begin(), group.end(), to);
}

TileWeights PackedWeights::block(std::int64_t index) const {
  const Block& block = blocks_[static_cast<std::size_t>(index)];
  return {codes_.as<std::int8_t>().data() + block.first_group * kGroupBytes,
          inputs_.data() + block.first_group, block.windows.data()};
}

}  // namespace vitq
