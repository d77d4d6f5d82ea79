// SPDX-License-Identifier: Apache-2.0
// DETR's fixed positions say with sines and cosines where a feature lies in its image.
#pragma once

#include "vitq/tensor.h"

namespace vitq {

// Says which features of a padded batch belong to their images. `mask` [N, H, W] is 1 where a pixel
// does; it is sampled at the nearest pixel -> [N, height, width].
Tensor feature_mask(const Tensor& mask, std::int64_t height, std::int64_t width);

// Makes positions of a mask: [N, h, w] -> [N, h w, dim]. Half of the channels come from the row and
// half from the column. Both are counted over the features that belong to the image and scaled to
// 2 pi, as by PositionEmbeddingSine of facebookresearch/detr, models/position_encoding.py.
Tensor sine_positions(const Tensor& mask, std::int64_t dim);

// Says how the same is made of one coordinate that lies between 0 and 1. Each of `channels`
// channels is the sine of the coordinate times its frequency plus its phase. Both are [1, 1,
// channels].
struct SineWaves {
  Tensor frequencies, phases;
};
SineWaves sine_waves(std::int64_t channels);

}  // namespace vitq
