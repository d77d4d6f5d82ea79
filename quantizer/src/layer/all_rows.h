// SPDX-License-Identifier: Apache-2.0
// Shows a layer's inputs as published methods see them. All rows count once, whether or not the
// network's outputs read them. The targets are those of the layer's own float weights.
#pragma once

#include <cstdint>

#include "layer/histogram.h"
#include "vitq/layer_data.h"
#include "vitq/layer_draft.h"
#include "vitq/matrix.h"

namespace vitq {

// The inputs of one image, [rows, k], with those of the background last.
Matrix all_rows(const LayerSource& source, std::int64_t image);

struct WholeImageSample {
  LayerSample rows;        // all rows of some images, which lie evenly among all; each weighs 1
  float input_max = 0.0F;  // the greatest magnitude in all images
};
// Takes as many images as make up about `tokens` rows. The targets are W x + b.
WholeImageSample whole_image_sample(const LayerDraft& layer, const LayerData& data,
                                    std::int64_t tokens);

Histogram input_histogram(const LayerData& data);

// Gives the bias [n] with which the mean error over all rows is zero. It is the mean of W x + b,
// less that of the quantized layer without its bias.
std::vector<float> corrected_bias(const LayerDraft& layer, const LayerData& data);

}  // namespace vitq
