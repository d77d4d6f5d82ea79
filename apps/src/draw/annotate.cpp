// SPDX-License-Identifier: Apache-2.0
#include "draw/annotate.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "common/table.h"
#include "draw/canvas.h"

namespace vitq::apps {

namespace {

constexpr int kReadable = 480;  // pixels of the shorter side
constexpr Colour kBlack = {0, 0, 0};
constexpr Colour kWhite = {255, 255, 255};

// Hues that are a golden angle apart never come close to each other in the first dozens. Classes
// that follow each other differ in lightness, too.
Colour colour_of(std::int64_t id) {
  constexpr double kGoldenAngle = 137.50776405003785;
  const double hue = std::fmod(static_cast<double>(id) * kGoldenAngle + 200.0, 360.0) / 60.0;
  const double value = id % 2 == 0 ? 1.0 : 0.8;
  Colour colour = {};
  for (std::size_t c = 0; c < 3; ++c) {
    const double place = std::fmod(5.0 - 2.0 * static_cast<double>(c) + hue, 6.0);
    const double drop = std::clamp(std::min(place, 4.0 - place), 0.0, 1.0);
    colour[c] = static_cast<std::uint8_t>(std::lround(255.0 * value * (1.0 - 0.85 * drop)));
  }
  return colour;
}

Colour readable_on(const Colour& colour) {
  const double light = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2];
  return light > 128.0 ? kBlack : kWhite;
}

struct Enlargement {
  explicit Enlargement(const Image& image)
      : factor(std::max(1.0, static_cast<double>(kReadable) / std::min(image.width, image.height))),
        text(std::max(2.0, factor * std::min(image.width, image.height) / 300.0)),
        line(static_cast<int>(std::lround(text * 1.25))) {}

  double factor;  // of the image
  double text;    // of a letter's dots, in pixels
  int line;       // thickness
};

// The area is in pixels of the enlarged image, and clipped to it.
Area area_of(const Box& box, double factor, const Image& image) {
  const auto place = [factor](float side, int max) {
    const double pixels = static_cast<double>(side) * factor;
    return static_cast<int>(std::lround(std::clamp(pixels, 0.0, static_cast<double>(max))));
  };
  const int left = place(box.x0, image.width);
  const int top = place(box.y0, image.height);
  return {left, top, place(box.x1, image.width) - left, place(box.y1, image.height) - top};
}

std::int64_t shared(const Area& a, const Area& b) {
  const int width = std::min(a.left + a.width, b.left + b.width) - std::max(a.left, b.left);
  const int height = std::min(a.top + a.height, b.top + b.height) - std::max(a.top, b.top);
  return width > 0 && height > 0 ? std::int64_t{width} * height : 0;
}

// The plate stands where it hides least of those that are there. Above the box is best, then inside
// at its top, below it, and inside at its bottom. It is always within the image.
Area place_plate(Area plate, const Area& box, const Image& image, const std::vector<Area>& taken) {
  const int bottom = box.top + box.height;
  Area best = plate;
  std::int64_t min = -1;
  for (const int top : {box.top - plate.height, box.top, bottom, bottom - plate.height}) {
    if (top < 0 || top + plate.height > image.height) continue;
    plate.top = top;
    plate.left = std::clamp(box.left, 0, std::max(0, image.width - plate.width));
    std::int64_t hidden = 0;
    for (const Area& other : taken) hidden += shared(plate, other);
    if (min >= 0 && hidden >= min) continue;
    min = hidden;
    best = plate;
  }
  return best;
}

}  // namespace

Image annotate(const Image& original, std::span<const Detection> detections) {
  const Enlargement scale(original);
  const auto enlarged = [&](int side) {
    return static_cast<int>(std::lround(side * scale.factor));
  };
  Image image =
      resize(original, enlarged(original.width), enlarged(original.height), Filter::kBicubic);
  // The most probable comes first in the list, and last on the image.
  for (auto object = detections.rbegin(); object != detections.rend(); ++object) {
    const Area area = area_of(object->box, scale.factor, image);
    frame(image, {area.left - 1, area.top - 1, area.width + 2, area.height + 2}, scale.line + 2,
          kBlack);
    frame(image, area, scale.line, colour_of(object->id));
  }
  std::vector<Area> plates;
  for (const Detection& object : detections) {
    const std::string text = object.label + ' ' + fixed(static_cast<double>(object.score), 2);
    const Area area = area_of(object.box, scale.factor, image);
    const Area plate = place_plate(text_area(text, scale.text), area, image, plates);
    const Colour colour = colour_of(object.id);
    fill(image, plate, colour, 0.9);
    draw_text(image, plate, text, readable_on(colour));
    plates.push_back(plate);
  }
  return image;
}

}  // namespace vitq::apps
