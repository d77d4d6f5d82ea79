// SPDX-License-Identifier: Apache-2.0
// Images with what was found in them.
#pragma once

#include <span>

#include "vitq/detection.h"
#include "vitq/image.h"

namespace vitq::apps {

// The image with a box, class name and score for each detection: a colour for each class, the
// most probable on top. Small images are enlarged, so that the names can be read.
Image annotate(const Image& image, std::span<const Detection> detections);

}  // namespace vitq::apps
