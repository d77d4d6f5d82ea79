// SPDX-License-Identifier: Apache-2.0
// DETR's fixed positions: where a feature lies in its image, as sines and cosines.
#pragma once

#include "vitq/tensor.h"

namespace vitq {

// Which features of a padded batch belong to their images: `mask` [N, H, W], 1 where a pixel
// does, sampled at the nearest pixel -> [N, height, width].
Tensor feature_mask(const Tensor& mask, std::int64_t height, std::int64_t width);

// [N, h, w] -> [N, h w, dim]: half of the channels from the row, half from the column, both counted
// over the features that belong to the image and scaled to 2 pi. Reference:
// PositionEmbeddingSine of facebookresearch/detr, models/position_encoding.py.
Tensor sine_positions(const Tensor& mask, std::int64_t dim);

}  // namespace vitq
