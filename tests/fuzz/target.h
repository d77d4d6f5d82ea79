// SPDX-License-Identifier: Apache-2.0
// What a fuzz target defines, and nothing else.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

// Reads the input, and traps where what is accepted does not hold. It throws a vitq::Error if the
// input is refused.
void check(std::span<const std::uint8_t> input);

inline std::string_view as_text(std::span<const std::uint8_t> input) {
  return {reinterpret_cast<const char*>(input.data()), input.size()};
}
