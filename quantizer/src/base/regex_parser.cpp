// SPDX-License-Identifier: Apache-2.0
// Turns the text of a regular expression into the steps that match it.
#include <optional>
#include <string>
#include <utility>

#include "base/regex.h"
#include "base/text.h"
#include "vitq/error.h"

namespace vitq {
namespace {

using Kind = RegexStep::Kind;
using Steps = std::vector<RegexStep>;
using Bytes = std::bitset<256>;

constexpr std::size_t kMaxCharacters =
    1000;  // so that groups within groups do not use up the stack
constexpr std::size_t kMaxSteps = 20000;

std::size_t index_of(char c) {
  return static_cast<unsigned char>(c);
}

template <typename Is>
Bytes bytes_where(const Is& is) {
  Bytes bytes;
  for (std::size_t c = 0; c < bytes.size(); ++c) bytes[c] = is(static_cast<char>(c));
  return bytes;
}

Bytes only(char c) {
  return Bytes().set(index_of(c));
}

std::size_t lowest(const Bytes& bytes) {
  std::size_t c = 0;
  while (c < bytes.size() && !bytes[c]) ++c;
  return c;
}

// This step goes on at either of two places, counted from itself.
RegexStep fork(std::ptrdiff_t first, std::ptrdiff_t second) {
  return {.kind = Kind::kFork, .bytes = {}, .first = first, .second = second};
}

RegexStep reads(const Bytes& bytes) {
  return {.kind = Kind::kRead, .bytes = bytes};
}

std::ptrdiff_t size_of(const Steps& steps) {
  return static_cast<std::ptrdiff_t>(steps.size());
}

// Reads a pattern from left to right and writes its steps.
class RegexParser {
 public:
  explicit RegexParser(std::string_view pattern) : pattern_(pattern) {}

  Steps run() {
    if (pattern_.size() > kMaxCharacters) {
      throw UnsupportedError(
          text_of("a regular expression has more than ", kMaxCharacters, " characters"));
    }
    Steps steps = alternatives();
    if (!done()) fail("a ')' closes nothing");
    return steps;
  }

 private:
  Steps alternatives() {
    Steps all = sequence();
    while (take('|')) {
      const Steps other = sequence();
      Steps either = {fork(1, size_of(all) + 2)};
      append(either, all);
      append(either, {fork(size_of(other) + 1, size_of(other) + 1)});
      append(either, other);
      all = std::move(either);
    }
    return all;
  }

  Steps sequence() {
    Steps all;
    while (!done() && peek() != '|' && peek() != ')') append(all, repeated(atom()));
    return all;
  }

  // Something is repeated `min` times at least, and then up to `more` times or endlessly.
  struct Repeat {
    std::size_t min = 0;
    std::size_t more = 0;
    bool endless = false;
  };

  std::optional<Repeat> repeat() {
    if (take('*')) return Repeat{.endless = true};
    if (take('+')) return Repeat{.min = 1, .endless = true};
    if (take('?')) return Repeat{.more = 1};
    if (!take('{')) return std::nullopt;
    const std::size_t min = number();
    Repeat found = {.min = min};
    if (take(',')) {
      found.endless = !done() && peek() == '}';
      const std::size_t max = found.endless ? min : number();
      if (max < min) fail("a repeat ends below its beginning");
      found.more = max - min;
    }
    if (!take('}')) fail("a '{' is not closed");
    return found;
  }

  Steps repeated(const Steps& atom) {
    const std::optional<Repeat> times = repeat();
    if (!times) return atom;
    take('?');  // a lazy repeat matches less, but whenever a greedy one does
    Steps all;
    for (std::size_t i = 0; i < times->min; ++i) append(all, atom);
    for (std::size_t i = 0; i < times->more; ++i) {
      append(all, {fork(1, size_of(atom) + 1)});
      append(all, atom);
    }
    if (times->endless) {
      append(all, {fork(1, size_of(atom) + 2)});
      append(all, atom);
      append(all, {fork(-size_of(atom) - 1, -size_of(atom) - 1)});
    }
    return all;
  }

  Steps atom() {
    const char c = next();
    if (c == '(') return group();
    if (c == '[') return {reads(bracket())};
    if (c == '.') return {reads(~(only('\n') | only('\r')))};
    if (c == '^') return {RegexStep{.kind = Kind::kBegin}};
    if (c == '$') return {RegexStep{.kind = Kind::kEnd}};
    if (c == '\\' && take('b')) return {RegexStep{.kind = Kind::kWordEdge}};
    if (c == '\\' && take('B')) return {RegexStep{.kind = Kind::kNoWordEdge}};
    if (c == '\\') return {reads(escaped())};
    if (c == '*' || c == '+' || c == '?' || c == '{') fail("there is nothing to repeat");
    return {reads(only(c))};
  }

  Steps group() {
    if (take('?') && !take(':')) fail("look-ahead is not supported");
    Steps steps = alternatives();
    if (!take(')')) fail("a '(' is not closed");
    return steps;
  }

  Bytes bracket() {
    const bool all_but = take('^');
    Bytes bytes;
    while (!take(']')) {
      const Bytes from = bracket_atom();
      bytes |= from;
      const bool range = at_ + 1 < pattern_.size() && peek() == '-' && pattern_[at_ + 1] != ']';
      if (!range) continue;
      take('-');
      const Bytes to = bracket_atom();
      const std::size_t begin = lowest(from);
      const std::size_t end = lowest(to);
      if (from.count() != 1 || to.count() != 1 || end < begin) fail("a range has no two ends");
      for (std::size_t c = begin; c <= end; ++c) bytes.set(c);
    }
    return all_but ? ~bytes : bytes;
  }

  Bytes bracket_atom() {
    const char c = next();
    const bool named = c == '[' && !done() && (peek() == ':' || peek() == '.' || peek() == '=');
    if (named) fail("named classes are not supported");
    if (c != '\\') return only(c);
    return take('b') ? only('\b') : escaped();
  }

  Bytes escaped() {
    static const Bytes digits = bytes_where([](char c) { return c >= '0' && c <= '9'; });
    static const Bytes words = bytes_where(is_regex_word);
    static const Bytes spaces =
        bytes_where([](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); });
    const char c = next();
    switch (c) {
      case 'd': return digits;
      case 'D': return ~digits;
      case 'w': return words;
      case 'W': return ~words;
      case 's': return spaces;
      case 'S': return ~spaces;
      case 't': return only('\t');
      case 'n': return only('\n');
      case 'r': return only('\r');
      case 'f': return only('\f');
      case 'v': return only('\v');
      default: break;
    }
    if (digits[index_of(c)]) fail("back-references are not supported");
    if (words[index_of(c)]) fail(text_of("'\\", c, "' is not supported"));
    return only(c);
  }

  std::size_t number() {
    constexpr std::size_t kMaxDigits = 4;
    std::size_t value = 0;
    const std::size_t begin = at_;
    while (!done() && peek() >= '0' && peek() <= '9') {
      value = 10 * value + static_cast<std::size_t>(next() - '0');
      if (at_ - begin > kMaxDigits) fail("a number has more than four digits");
    }
    if (at_ == begin) fail("a number is missing in a repeat");
    return value;
  }

  void append(Steps& all, const Steps& more) const {
    if (all.size() + more.size() > kMaxSteps) fail("its repeats are too long");
    all.insert(all.end(), more.begin(), more.end());
  }

  bool done() const { return at_ == pattern_.size(); }
  char peek() const { return pattern_[at_]; }
  char next() {
    if (done()) fail("it ends too early");
    return pattern_[at_++];
  }
  bool take(char c) {
    if (done() || peek() != c) return false;
    ++at_;
    return true;
  }
  [[noreturn]] void fail(const std::string& what) const {
    throw UnsupportedError(
        text_of("'", pattern_, "' is not a regular expression that can be used: ", what));
  }

  std::string_view pattern_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<RegexStep> parse_regex(std::string_view pattern) {
  return RegexParser(pattern).run();
}

}  // namespace vitq
