// SPDX-License-Identifier: Apache-2.0
// Maps of the patches of an image, in JSON, for pages that draw them.
#pragma once

#include <string>

#include "common/answer.h"
#include "vitq/attention.h"

namespace vitq::apps {

// The members that every answer on maps begins with: "width", "height", "crop" (what the network
// sees of the image) and "model".
Json map_json(const Answer& answer, const Preprocess& preprocess, const std::string& model);

// "layers", "heads", "grid" [rows, columns] and "maps" [layers][heads][rows * columns].
Json map_json(const AttentionMaps& maps);

// "grid" and "colors", [rows * columns][3], of patch tokens [1, height, width, channels].
Json components_json(const Tensor& tokens);

}  // namespace vitq::apps
