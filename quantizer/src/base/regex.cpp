// SPDX-License-Identifier: Apache-2.0
#include "base/regex.h"

#include <utility>

namespace vitq {
namespace {

using Kind = RegexStep::Kind;

// Holds the steps that can come next at one place of the text, each of them once.
class Ways {
 public:
  Ways(const std::vector<RegexStep>& steps, std::string_view text)
      : steps_(steps), text_(text), seen_(steps.size() + 1, kNever) {}

  // Adds a step and those that it leads to without reading.
  void add(std::size_t step, std::size_t place) {
    std::vector<std::size_t> open = {step};
    while (!open.empty()) {
      const std::size_t s = open.back();
      open.pop_back();
      if (seen_[s] == place) continue;
      seen_[s] = place;
      if (s == steps_.size() || steps_[s].kind == Kind::kRead) {
        next_.push_back(s);
      } else if (steps_[s].kind == Kind::kFork) {
        open.push_back(moved(s, steps_[s].first));
        open.push_back(moved(s, steps_[s].second));
      } else if (holds(steps_[s].kind, place)) {
        open.push_back(s + 1);
      }
    }
  }
  // Gives the steps added so far, and begins anew.
  std::vector<std::size_t> take() { return std::exchange(next_, {}); }

 private:
  static constexpr std::size_t kNever = static_cast<std::size_t>(-1);

  static std::size_t moved(std::size_t step, std::ptrdiff_t offset) {
    return step + static_cast<std::size_t>(offset);
  }
  bool holds(Kind assertion, std::size_t place) const {
    if (assertion == Kind::kBegin) return place == 0;
    if (assertion == Kind::kEnd) return place == text_.size();
    const bool before = place > 0 && is_regex_word(text_[place - 1]);
    const bool after = place < text_.size() && is_regex_word(text_[place]);
    return (before != after) == (assertion == Kind::kWordEdge);
  }

  const std::vector<RegexStep>& steps_;
  std::string_view text_;
  std::vector<std::size_t> seen_;  // the last place that each step was added at
  std::vector<std::size_t> next_;
};

}  // namespace

Regex::Regex(std::string_view pattern) : steps_(parse_regex(pattern)) {}

bool Regex::found_in(std::string_view text) const {
  Ways ways(steps_, text);
  const auto takes = [&](std::size_t step, std::size_t place) {
    return place < text.size() && steps_[step].bytes[static_cast<unsigned char>(text[place])];
  };
  for (std::size_t place = 0; place <= text.size(); ++place) {
    ways.add(0, place);  // a match may begin anywhere
    for (const std::size_t step : ways.take()) {
      if (step == steps_.size()) return true;
      if (takes(step, place)) ways.add(step + 1, place + 1);
    }
  }
  return false;
}

}  // namespace vitq
