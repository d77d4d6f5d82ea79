// SPDX-License-Identifier: Apache-2.0
#include "serve/http/target.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "common/table.h"
#include "serve/http/message.h"

namespace vitq::apps {

namespace {

[[noreturn]] void refuse_target(const std::string& message) {
  throw HttpError(400, message);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Decodes %41, and of queries + as a space.
std::string decoded(std::string_view text, bool query) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
      if (low < 0) refuse_target("the request's target has a % without two hexadecimal digits");
      c = static_cast<char>(16 * high + low);
      i += 2;
    } else if (c == '+' && query) {
      c = ' ';
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      refuse_target("the request's target has a control character");
    }
    result += c;
  }
  return result;
}

// Calls take(part) for what lies between separators.
template <typename Take>
void split(std::string_view text, char separator, const Take& take) {
  while (true) {
    const std::size_t end = text.find(separator);
    take(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

void add_member(Target& target, std::string_view member) {
  if (member.empty()) return;
  const std::size_t equals = member.find('=');
  const std::string name = decoded(member.substr(0, equals), true);
  const std::string value =
      equals == std::string_view::npos ? "" : decoded(member.substr(equals + 1), true);
  if (!target.query.emplace(name, value).second)
    refuse_target("'" + name + "' is in the query twice");
}

template <typename T>
std::optional<T> parsed(const std::string& text) {
  T value = {};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Target parse_target(std::string_view text) {
  if (text.empty() || text[0] != '/') refuse_target("the request's target is no path");
  const std::size_t question = text.find('?');
  const std::string_view path = text.substr(0, question);
  Target target = {std::string(path), {}, {}};
  split(path.substr(1), '/', [&](std::string_view part) {
    if (!part.empty()) target.segments.push_back(decoded(part, false));
  });
  if (question == std::string_view::npos) return target;
  split(text.substr(question + 1), '&', [&](std::string_view part) { add_member(target, part); });
  return target;
}

std::int64_t Target::integer(const std::string& name, std::int64_t usual, std::int64_t min,
                             std::int64_t max) const {
  const auto found = query.find(name);
  if (found == query.end()) return usual;
  const std::optional<std::int64_t> value = parsed<std::int64_t>(found->second);
  if (value && *value >= min && *value <= max) return *value;
  refuse_target("'" + name + "' is \"" + found->second + "\", expected an integer from " +
                std::to_string(min) + " to " + std::to_string(max));
}

double Target::number(const std::string& name, double usual, double min, double max) const {
  const auto found = query.find(name);
  if (found == query.end()) return usual;
  const std::optional<double> value = parsed<double>(found->second);
  if (value && *value >= min && *value <= max) return *value;  // false for NaN
  refuse_target("'" + name + "' is \"" + found->second + "\", expected a number from " +
                significant(min, 6) + " to " + significant(max, 6));
}

void Target::require_known(std::span<const std::string_view> names) const {
  for (const auto& [name, value] : query) {
    if (std::ranges::find(names, name) != names.end()) continue;
    std::vector<std::string> known(names.begin(), names.end());
    refuse_target("'" + name + "' is no parameter of " + path + ", which takes " + listed(known));
  }
}

}  // namespace vitq::apps
