// SPDX-License-Identifier: Apache-2.0
// A layer's inputs as methods from outside the project see them: all rows, whether or not the
// network's outputs read them, each counted once, and the layer's own float weights to go by.
#pragma once

#include <cstdint>

#include "histogram.h"
#include "vitq/layer_data.h"
#include "vitq/layer_draft.h"
#include "vitq/matrix.h"

namespace vitq {

// The inputs of one image, background rows last.
Matrix all_rows(const LayerSource& source, std::int64_t image);

struct LayerSample {
  RowSample rows;          // of whole images, evenly among all; each weighs 1
  float input_max = 0.0F;  // greatest magnitude of all rows, also of those that are not kept
};
// About as many images as make up `tokens` rows. The target is W x + b.
LayerSample layer_sample(const LayerDraft& layer, const LayerData& data, std::int64_t tokens);

Histogram input_histogram(const LayerData& data);

// The mean over all rows of W x + b, less that of what the quantized layer makes of x without its
// bias: the bias with which the mean error is zero.
std::vector<float> corrected_bias(const LayerDraft& layer, const LayerData& data);

}  // namespace vitq
