// SPDX-License-Identifier: Apache-2.0
// Regular expressions without backtracking: all ways to match advance through the text together
// (K. Thompson, "Regular expression search algorithm", 1968). Matching takes at most the number of
// steps of the expression times the length of the text.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace vitq {

// One step of a way to match. A way that comes to the end of all steps has matched.
struct RegexStep {
  enum class Kind : std::uint8_t { kRead, kFork, kBegin, kEnd, kWordEdge, kNoWordEdge };
  Kind kind = Kind::kRead;
  std::bitset<256> bytes = {};           // kRead: those that may come next in the text
  std::ptrdiff_t first = 1, second = 1;  // kFork: where the two ways go on, counted from here
};

// The syntax is that of layer_expression (vitq/quantizer.h). Throws UnsupportedError.
std::vector<RegexStep> parse_regex(std::string_view pattern);

class Regex {
 public:
  explicit Regex(std::string_view pattern);
  bool found_in(std::string_view text) const;

 private:
  std::vector<RegexStep> steps_;
};

// What "\w" reads.
constexpr bool is_regex_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

}  // namespace vitq
