// SPDX-License-Identifier: Apache-2.0
// What a network sees of an image, in more pixels than it sees.
#pragma once

#include "vitq/preprocess.h"

namespace vitq::apps {

// The part of the image that the network sees, several hundred pixels wide whatever its resolution.
Image enlarged_view(const Image& image, Preprocess preprocess);

}  // namespace vitq::apps
