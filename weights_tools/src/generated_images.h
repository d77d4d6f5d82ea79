// SPDX-License-Identifier: Apache-2.0
// Images made of nothing, to calibrate a network on where there are none of its own.
#pragma once

#include <cstddef>

#include "vitq/image.h"

namespace vitq {

// Leaves that fall over each other: discs and rectangles of all sizes, flat or rough, in colors as
// photographs have them. So an image has edges at every scale and a natural spectrum (Lee, Mumford
// and Huang, Occlusion models for natural images, 2001). It is the same in every call and on every
// CPU.
Image generated_image(std::size_t index, int width, int height);

}  // namespace vitq
