// SPDX-License-Identifier: Apache-2.0
// --attention draws where a network looks in an image.
#pragma once

#include "infer/options.h"

namespace vitq::apps {

// `info` has the labels. Throws UsageError where a detector finds no object, or where the job asks
// for a layer, head or query that the network does not have.
Image attention_image(const InferJob& job, const Model& model, const ModelInfo& info,
                      const Image& image);

}  // namespace vitq::apps
