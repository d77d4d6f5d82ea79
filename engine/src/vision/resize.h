// SPDX-License-Identifier: Apache-2.0
// Resampling for those who need a part of the result only.
#pragma once

#include "vitq/image.h"

namespace vitq {

// crop(resize(image, width, height, filter), part) where `part` lies within width x height. What
// `part` does not show is not computed.
Image resize_part(const Image& image, int width, int height, Filter filter, const Rectangle& part);

}  // namespace vitq
