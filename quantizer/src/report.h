// SPDX-License-Identifier: Apache-2.0
// What a report says of each layer.
#pragma once

#include "vitq/layer_data.h"
#include "vitq/quantizer.h"

namespace vitq {

// Notes the extremes of the inputs, and the error before the layer is fitted.
void report_start(const LayerDraft& layer, LayerData& data, LayerReport& report);
// Notes the range and the error after the layer is fitted, and how its inputs spread over the
// codes.
void report_end(const LayerDraft& layer, LayerData& data, LayerReport& report);

}  // namespace vitq
