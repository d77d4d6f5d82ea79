// SPDX-License-Identifier: Apache-2.0
// Method "entropy": frozen ranges of activations that keep the most information (Kullback
// and Leibler).
#include "methods/list.h"
#include "static_ranges.h"

namespace vitq {

std::unique_ptr<const Method> make_entropy(Settings& /*settings*/) {
  return std::make_unique<StaticRanges>(entropy_range);
}

}  // namespace vitq
