// SPDX-License-Identifier: Apache-2.0
#include "numbers.h"

#include <charconv>

namespace vitq {

namespace {

// Writes as printf does in the classic locale.
std::string formatted(double value, std::chars_format format, int precision) {
  char text[512];
  const std::to_chars_result result =
      std::to_chars(std::begin(text), std::end(text), value, format, precision);
  return {std::begin(text), result.ptr};
}

}  // namespace

std::string with_decimals(double value, int decimals) {
  return formatted(value, std::chars_format::fixed, decimals);
}

std::string with_digits(double value, int digits) {
  return formatted(value, std::chars_format::general, digits);
}

}  // namespace vitq
