// SPDX-License-Identifier: Apache-2.0
// Which images a search looks at. It takes images as a whole: a single row, such as that of the
// class token, has its weight in an image's correlation from the other rows there.
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
