// SPDX-License-Identifier: Apache-2.0
// This shows where two forms of one network come apart: the error of each layer's result for one
// image.
#pragma once

#include <string>
#include <vector>

#include "vitq/compare_models.h"
#include "vitq/json.h"

namespace vitq::apps {

std::string to_text(const std::vector<LayerError>& layers);
Json to_json(const std::vector<LayerError>& layers);

}  // namespace vitq::apps
