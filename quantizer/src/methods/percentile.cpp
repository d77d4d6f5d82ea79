// SPDX-License-Identifier: Apache-2.0
// Method "percentile": static ranges of activations that hold all values but the given share.
// Settings: {"percent": 99.99}.
#include "methods/list.h"
#include "static_ranges.h"

namespace vitq {

std::unique_ptr<const Method> make_percentile(Settings& settings) {
  const double percent = settings.number("percent", 99.99, 50.0, 100.0);
  return std::make_unique<StaticRanges>(
      [percent](const Histogram& h, CodeKind kind) { return percentile_range(h, kind, percent); });
}

}  // namespace vitq
