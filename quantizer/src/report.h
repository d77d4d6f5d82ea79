// SPDX-License-Identifier: Apache-2.0
// What is noted of each layer for people.
#pragma once

#include "vitq/quantizer.h"

namespace vitq {

// Range and error before the layer is fitted, and after; then how its inputs lie as they are coded.
void report_start(const LayerDraft& layer, LayerData& data, LayerReport& report);
void report_end(const LayerDraft& layer, LayerData& data, LayerReport& report);

}  // namespace vitq
