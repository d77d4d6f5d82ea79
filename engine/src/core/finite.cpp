// SPDX-License-Identifier: Apache-2.0
#include "vitq/finite.h"

#include <algorithm>
#include <cmath>

#include "core/text.h"
#include "vitq/error.h"

namespace vitq {

void require_finite(std::span<const float> values, std::string_view output) {
  const auto bad =
      std::find_if(values.begin(), values.end(), [](float v) { return !std::isfinite(v); });
  if (bad == values.end()) return;
  throw WeightError(cat(
      "the output \"", output, "\" is ", std::isnan(*bad) ? "no number" : "infinite",
      " at element ", bad - values.begin(), "; the weights or the input are too large for float"));
}

}  // namespace vitq
