// SPDX-License-Identifier: Apache-2.0
// How the images of a checkpoint are prepared: by what the user, its files or its origin say.
#pragma once

#include <string>
#include <vector>

#include "vitq/convert.h"
#include "vitq/family.h"

namespace vitq {

// The size of all images that a pipeline makes, if it is one.
std::optional<ImageSize> size_after(const Preprocess& preprocess);

struct FoundPreprocess {
  Preprocess preprocess = {};
  std::string assumption = {};                 // for people; empty: it was stated
  std::vector<std::string> unknown_keys = {};  // of the file that states it, with their places
};

// The first of these that there is: a preset or file of `options`, preprocessor_config.json, timm's
// config.json, and what the origin does where nothing is stated. `image` is the network's input,
// [3, H, W]. Throws FileError and UnsupportedError.
FoundPreprocess find_preprocess(const Checkpoint& source, const ConvertOptions& options,
                                const Family& family, const Shape& image);

}  // namespace vitq
