// SPDX-License-Identifier: Apache-2.0
// The letters of labels in images are made of dots.
#pragma once

#include <cstdint>

namespace vitq::apps {

constexpr int kGlyphWidth = 5;
constexpr int kGlyphHeight = 8;

// Answers whether the letter has a dot there. Outside of [0, kGlyphWidth) x [0, kGlyphHeight) there
// is none. What is not printable ASCII looks like a question mark.
bool glyph_dot(char c, int x, int y);

}  // namespace vitq::apps
