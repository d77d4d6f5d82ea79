// SPDX-License-Identifier: Apache-2.0
#include "draw/canvas.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "draw/glyphs.h"

namespace vitq::apps {

namespace {

// Letters stand side by side with a free column between them, and one before and after.
constexpr int kAdvance = kGlyphWidth + 1;

void blend(std::uint8_t* pixel, const Colour& colour, double opacity) {
  for (std::size_t c = 0; c < colour.size(); ++c) {
    const double mixed = (1.0 - opacity) * pixel[c] + opacity * colour[c];
    pixel[c] = static_cast<std::uint8_t>(std::lround(mixed));
  }
}

// There is one char for each character.
std::string in_ascii(std::string_view text) {
  std::string ascii;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool continuation = (byte & 0xC0U) == 0x80U;
    if (!continuation) ascii += byte < 0x80U ? c : '?';
  }
  return ascii;
}

int columns_of(const std::string& ascii) {
  return kAdvance * static_cast<int>(ascii.size()) + 1;
}

bool dot(const std::string& text, int x, int y) {
  const int shifted = x - 1;
  if (shifted < 0 || shifted >= kAdvance * static_cast<int>(text.size())) return false;
  return glyph_dot(text[static_cast<std::size_t>(shifted / kAdvance)], shifted % kAdvance, y);
}

// Answers how much of the text covers the point, in dots. The edges between dots are smooth.
double coverage(const std::string& text, double x, double y) {
  const double left = std::floor(x - 0.5);
  const double top = std::floor(y - 0.5);
  const double part_x = x - 0.5 - left;
  const double part_y = y - 0.5 - top;
  const auto at = [&](int dx, int dy) {
    return dot(text, static_cast<int>(left) + dx, static_cast<int>(top) + dy) ? 1.0 : 0.0;
  };
  const double upper = (1.0 - part_x) * at(0, 0) + part_x * at(1, 0);
  const double lower = (1.0 - part_x) * at(0, 1) + part_x * at(1, 1);
  const double mean = (1.0 - part_y) * upper + part_y * lower;
  return std::clamp(2.5 * (mean - 0.5) + 0.5, 0.0, 1.0);
}

}  // namespace

void fill(Image& image, const Area& area, const Colour& colour, double opacity) {
  const int right = std::min(area.left + area.width, image.width);
  const int bottom = std::min(area.top + area.height, image.height);
  for (int y = std::max(area.top, 0); y < bottom; ++y) {
    for (int x = std::max(area.left, 0); x < right; ++x) {
      blend(image.row(y) + 3 * x, colour, opacity);
    }
  }
}

void frame(Image& image, const Area& area, int thickness, const Colour& colour) {
  const int inner = area.height - 2 * thickness;
  const int right = area.left + area.width - thickness;
  const int bottom = area.top + area.height - thickness;
  fill(image, {area.left, area.top, area.width, thickness}, colour, 1.0);
  fill(image, {area.left, bottom, area.width, thickness}, colour, 1.0);
  fill(image, {area.left, area.top + thickness, thickness, inner}, colour, 1.0);
  fill(image, {right, area.top + thickness, thickness, inner}, colour, 1.0);
}

Area text_area(std::string_view text, double size) {
  return {.left = 0,
          .top = 0,
          .width = static_cast<int>(std::lround(columns_of(in_ascii(text)) * size)),
          .height = static_cast<int>(std::lround((kGlyphHeight + 1) * size))};
}

void draw_text(Image& image, const Area& at, std::string_view text, const Colour& colour) {
  const std::string ascii = in_ascii(text);
  const double wide = static_cast<double>(at.width) / columns_of(ascii);
  const double high = static_cast<double>(at.height) / (kGlyphHeight + 1);
  const int right = std::min(at.left + at.width, image.width);
  const int bottom = std::min(at.top + at.height, image.height);
  for (int y = std::max(at.top, 0); y < bottom; ++y) {
    for (int x = std::max(at.left, 0); x < right; ++x) {
      const double covered =
          coverage(ascii, (x - at.left + 0.5) / wide, (y - at.top + 0.5) / high - 1.0);
      if (covered > 0.0) blend(image.row(y) + 3 * x, colour, covered);
    }
  }
}

}  // namespace vitq::apps
