// SPDX-License-Identifier: Apache-2.0
// Principal components: along which axes rows of numbers differ most.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace vitq::apps {

// Answers how far each row lies from the mean of all along each of the first principal axes,
// [rows][components]. It is 0 along axes that the rows do not reach. An axis points to where the
// row lies that is furthest along it, the first of equal ones. The same rows give the same bits.
std::vector<double> principal_components(std::span<const float> rows, std::size_t width,
                                         std::size_t components);

}  // namespace vitq::apps
