// SPDX-License-Identifier: Apache-2.0
// Method "minmax": static ranges of activations that hold all values.
#include "methods/list.h"
#include "static_ranges.h"

namespace vitq {

std::unique_ptr<const Method> make_minmax(Settings& /*settings*/) {
  return std::make_unique<StaticRanges>(min_max_range);
}

}  // namespace vitq
