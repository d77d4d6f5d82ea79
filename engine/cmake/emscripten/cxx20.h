// SPDX-License-Identifier: Apache-2.0
// Debian 12's emscripten has the libc++ of LLVM 13. Its compiler reads this header before every
// file, which gives it what the project uses of C++20's <algorithm>, <bit> and <charconv> and that
// libc++ lacks. No file includes it, and a newer libc++ sees none of it.
#pragma once

#ifdef __cplusplus
#include <version>
#if defined(_LIBCPP_VERSION) && _LIBCPP_VERSION < 15000
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <string>

namespace std {

template <typename To, typename From>
constexpr To bit_cast(const From& from) noexcept {
  return __builtin_bit_cast(To, from);
}

// The C library of emscripten has no locale but "C". `first` has room for any float.
inline to_chars_result to_chars(char* first, char* last, float value) {
  constexpr int kMostDigits = 9;
  int digits = 1;
  int length = 0;
  do {
    length = std::snprintf(first, static_cast<size_t>(last - first), "%.*g", digits,
                           static_cast<double>(value));
  } while (std::strtof(first, nullptr) != value && ++digits <= kMostDigits);
  return {first + length, errc{}};
}

// Fixed or general.
inline to_chars_result to_chars(char* first, char* last, double value, chars_format format,
                                int precision) {
  const auto room = static_cast<size_t>(last - first);
  const int length = format == chars_format::fixed
                         ? std::snprintf(first, room, "%.*f", precision, value)
                         : std::snprintf(first, room, "%.*g", precision, value);
  return {first + length, errc{}};
}

inline from_chars_result from_chars(const char* first, const char* last, double& value) {
  const std::string text(first, last);
  char* end = nullptr;
  value = std::strtod(text.c_str(), &end);
  if (end == text.c_str()) return {first, errc::invalid_argument};
  return {first + (end - text.c_str()), errc{}};
}

namespace ranges {

template <typename Range, typename Predicate>
constexpr bool all_of(Range&& range, Predicate predicate) {
  return std::all_of(std::begin(range), std::end(range), std::move(predicate));
}

template <typename Range, typename Predicate>
constexpr bool any_of(Range&& range, Predicate predicate) {
  return std::any_of(std::begin(range), std::end(range), std::move(predicate));
}

template <typename Range, typename Predicate>
constexpr bool none_of(Range&& range, Predicate predicate) {
  return std::none_of(std::begin(range), std::end(range), std::move(predicate));
}

template <typename Range, typename Predicate>
constexpr auto find_if(Range&& range, Predicate predicate) {
  return std::find_if(std::begin(range), std::end(range), std::move(predicate));
}

template <typename Range, typename Value, typename Part = identity>
constexpr auto find(Range&& range, const Value& value, Part part = {}) {
  return ranges::find_if(range, [&](const auto& each) { return std::invoke(part, each) == value; });
}

template <typename Range, typename Predicate>
constexpr auto count_if(Range&& range, Predicate predicate) {
  return std::count_if(std::begin(range), std::end(range), std::move(predicate));
}

template <typename Range, typename Value>
constexpr auto count(Range&& range, const Value& value) {
  return std::count(std::begin(range), std::end(range), value);
}

template <typename Range, typename Relation>
constexpr auto adjacent_find(Range&& range, Relation relation) {
  return std::adjacent_find(std::begin(range), std::end(range), std::move(relation));
}

template <typename Range>
constexpr auto max_element(Range&& range) {
  return std::max_element(std::begin(range), std::end(range));
}

template <typename Range, typename Value, typename Less = std::less<>, typename Part = identity>
constexpr auto lower_bound(Range&& range, const Value& value, Less less = {}, Part part = {}) {
  return std::lower_bound(std::begin(range), std::end(range), value,
                          [&](const auto& each, const Value& of) {
                            return std::invoke(less, std::invoke(part, each), of);
                          });
}

template <typename Range, typename Iterator>
constexpr void copy(Range&& range, Iterator to) {
  std::copy(std::begin(range), std::end(range), to);
}

template <typename Range, typename Value>
constexpr void fill(Range&& range, const Value& value) {
  std::fill(std::begin(range), std::end(range), value);
}

}  // namespace ranges
}  // namespace std

#endif
#endif
