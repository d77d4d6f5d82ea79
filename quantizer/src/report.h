// SPDX-License-Identifier: Apache-2.0
// What is noted of each layer for people.
#pragma once

#include "vitq/quantizer.h"

namespace vitq {

// Rounds the draft to nearest, as a start and to compare with; notes range and error.
LayerReport report_start(const LayerPlan& plan, LayerDraft& layer, LayerData& data);
void report_end(const LayerDraft& layer, LayerData& data, LayerReport& report);

}  // namespace vitq
