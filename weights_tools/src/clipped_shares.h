// SPDX-License-Identifier: Apache-2.0
// How much static ranges clip in calibration: what images of another kind are measured by.
#pragma once

#include <vector>

#include "vitq/quantizer.h"

namespace vitq {

// The share of calibration values outside of each layer's static range, by the layer's name:
// "clipped" in the model file. Layers that clip nothing are left out.
Json clipped_shares(const std::vector<LayerReport>& report);

}  // namespace vitq
