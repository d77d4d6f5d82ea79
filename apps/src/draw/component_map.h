// SPDX-License-Identifier: Apache-2.0
// This shows a network's patch tokens as colours over the image that it saw.
#pragma once

#include "vitq/preprocess.h"
#include "vitq/tensor.h"

namespace vitq::apps {

// Gives each patch token of [1, height, width, channels] a pixel. Their first three principal
// components are red, green and blue, each from its least value to its greatest. So patches of one
// colour have like tokens.
Image component_colours(const Tensor& tokens);

// Shows what the network saw of `image`, several hundred pixels wide, in these colours.
Image component_map(const Tensor& tokens, const Image& image, const Preprocess& preprocess);

}  // namespace vitq::apps
