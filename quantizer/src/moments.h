// SPDX-License-Identifier: Apache-2.0
// Weighted means and products over all rows of a layer.
#pragma once

#include "vitq/layer_data.h"

namespace vitq {

Moments collect_moments(const LayerDraft& layer, LayerData& data, Cross cross);

}  // namespace vitq
