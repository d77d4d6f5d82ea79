// SPDX-License-Identifier: Apache-2.0
// This draws on an image what was found in it.
#pragma once

#include <span>

#include "vitq/detection.h"
#include "vitq/image.h"

namespace vitq::apps {

// Each detection gets a box, its class name and its score. Each class has a colour, and the most
// probable detection is on top. Small images are enlarged, so that the names can be read.
Image annotate(const Image& image, std::span<const Detection> detections);

}  // namespace vitq::apps
