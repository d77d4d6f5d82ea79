// SPDX-License-Identifier: Apache-2.0
// The npy format, apart from files.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "vitq/tensor.h"

namespace vitq {

// What read_npy does, for a file in memory; `name` is what messages call it.
Tensor parse_npy(std::span<const std::byte> file, const std::string& name);

}  // namespace vitq
