// SPDX-License-Identifier: Apache-2.0
// --attention draws where a network looks in an image.
#pragma once

#include <filesystem>

#include "infer/options.h"

namespace vitq::apps {

// `model` was loaded from `path`, which is loaded once more, because a model that only answers does
// not compute all of its attention. `info` has the labels. Throws UsageError where a detector finds
// no object, or where the job asks for a layer, head or query that the network does not have.
Image attention_image(const InferJob& job, const std::filesystem::path& path, const Model& model,
                      const ModelInfo& info, const Image& image);

}  // namespace vitq::apps
