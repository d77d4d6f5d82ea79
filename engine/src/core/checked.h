// SPDX-License-Identifier: Apache-2.0
// Arithmetic on sizes that a file or a caller states: overflow is an error, never a wrap.
#pragma once

#include <cstdint>
#include <limits>

#include "core/text.h"
#include "vitq/error.h"

namespace vitq {

inline std::int64_t checked_mul(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) {
    throw LimitError(cat("size overflow: ", a, " x ", b));
  }
  return product;
}

inline std::int64_t checked_add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) throw LimitError(cat("size overflow: ", a, " + ", b));
  return sum;
}

}  // namespace vitq
