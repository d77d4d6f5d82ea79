// SPDX-License-Identifier: Apache-2.0
// Method "mse": static ranges of activations with the least squared error of rounding
// and clipping.
#include "methods/list.h"
#include "static_ranges.h"

namespace vitq {

std::unique_ptr<const Method> make_mse(Settings& /*settings*/) {
  return std::make_unique<StaticRanges>(mse_range);
}

}  // namespace vitq
