// SPDX-License-Identifier: Apache-2.0
// The text of the C functions that integer-only steps run on, which the build makes part of the
// library (engine/cmake/c_sources.cmake).
#pragma once

#include <span>
#include <string_view>

namespace vitq {

// The files of kernels/integer_only/c in the order in which they include each other.
std::span<const std::string_view> c_sources();

}  // namespace vitq
