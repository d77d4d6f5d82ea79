// SPDX-License-Identifier: Apache-2.0
// The option --image-size, which programs spell alike.
#pragma once

#include <optional>
#include <string>

#include "vitq/detection.h"

// NOLINTNEXTLINE(readability-identifier-naming): the name is CLI11's
namespace CLI {
class App;
}

namespace vitq::apps {

// Declares --image-size H[,W], each side from 1 to 8192 pixels.
void add_image_size(CLI::App& app, std::optional<ImageSize>& size, const std::string& help);

}  // namespace vitq::apps
