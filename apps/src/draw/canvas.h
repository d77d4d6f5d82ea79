// SPDX-License-Identifier: Apache-2.0
// This draws rectangles and text on an image.
#pragma once

#include <array>
#include <string_view>

#include "vitq/image.h"

namespace vitq::apps {

using Colour = std::array<std::uint8_t, 3>;

struct Area {
  int left = 0, top = 0, width = 0, height = 0;
};

// Everything is clipped to the image. Opacity runs from 0 to 1.
void fill(Image& image, const Area& area, const Colour& colour, double opacity);
// Draws a frame of that thickness inside the area.
void frame(Image& image, const Area& area, int thickness, const Colour& colour);

// Answers the room of a text whose capitals are about 7 * size pixels high.
Area text_area(std::string_view text, double size);
// The left upper corner of its room is there. Each character of UTF-8 beyond ASCII becomes one
// question mark.
void draw_text(Image& image, const Area& at, std::string_view text, const Colour& colour);

}  // namespace vitq::apps
