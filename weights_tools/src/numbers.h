// SPDX-License-Identifier: Apache-2.0
// Numbers in messages.
#pragma once

#include <string>

namespace vitq {

// 0.12345 -> "0.123" with 3 decimals.
std::string with_decimals(double value, int decimals);
// 0.012345 -> "0.0123" with 3 digits.
std::string with_digits(double value, int digits);

}  // namespace vitq
