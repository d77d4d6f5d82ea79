// SPDX-License-Identifier: Apache-2.0
// Tells which images a search looks at. It takes them as a whole: what a single row, such as the
// class token's, means to a correlation depends on the others.
#pragma once

#include <algorithm>
#include <cstdint>

namespace vitq {

// How many images make up `tokens` rows, where all `images` have `rows` together.
constexpr std::int64_t images_for(std::int64_t tokens, std::int64_t rows, std::int64_t images) {
  return (tokens * images + rows - 1) / rows;
}

// Whether an image is one of `kept` that lie evenly among all of them.
constexpr bool in_sample(std::int64_t image, std::int64_t images, std::int64_t kept) {
  kept = std::min(kept, images);
  return (image + 1) * kept / images > image * kept / images;
}

}  // namespace vitq
