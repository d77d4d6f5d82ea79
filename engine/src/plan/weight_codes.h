// SPDX-License-Identifier: Apache-2.0
// Loops over all codes of a layer, which take most of the time that a model takes to load.
#pragma once

#include <cstdint>
#include <span>

namespace vitq {

// Whether all of them are from -top to top.
bool within(std::span<const std::int8_t> codes, std::int32_t top);
bool within(std::span<const std::int16_t> codes, std::int32_t top);

std::int32_t sum_of(std::span<const std::int8_t> codes);

// sum_c codes[c] * factors[c], in four sums that do not wait for each other. Columns without a
// factor count nothing.
double dot(std::span<const std::int8_t> codes, std::span<const double> factors);

}  // namespace vitq
