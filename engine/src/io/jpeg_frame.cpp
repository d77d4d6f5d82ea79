// SPDX-License-Identifier: Apache-2.0
// The SOF segment of a JPEG (ITU-T T.81, B.2.2).
#include "io/jpeg_frame.h"

#include <algorithm>

namespace vitq {
namespace {

struct Sampling {
  unsigned horizontal = 1;
  unsigned vertical = 1;
};

Sampling finest(const std::vector<JpegComponent>& components) {
  Sampling max;
  for (const JpegComponent& component : components) {
    max.horizontal = std::max(max.horizontal, component.horizontal);
    max.vertical = std::max(max.vertical, component.vertical);
  }
  return max;
}

JpegComponent read_component(const ImageBytes& file, std::size_t at) {
  JpegComponent component;
  component.id = file.u8(at);
  component.horizontal = file.u8(at + 1) >> 4;
  component.vertical = file.u8(at + 1) & 15U;
  component.quantizer = file.u8(at + 2);
  const auto factor = [](unsigned value) { return value >= 1 && value <= 4; };
  if (!factor(component.horizontal) || !factor(component.vertical) || component.quantizer > 3) {
    file.fail(at, "sampling factors or quantization table out of range");
  }
  return component;
}

void read_components(const ImageBytes& file, const Segment& segment, JpegFrame& frame) {
  const std::size_t count = file.u8(segment.at + 5);
  if (segment.size != 6 + 3 * count) file.fail(segment.at, "a frame header of wrong length");
  if (count != 1 && count != 3 && count != 4) {
    file.unsupported(cat("JPEG of ", count, " channels; 1, 3 and 4 are supported"));
  }
  for (std::size_t i = 0; i < count; ++i) {
    const JpegComponent component = read_component(file, segment.at + 6 + 3 * i);
    if (frame.find(component.id) != nullptr) file.fail(segment.at, "two components of one name");
    frame.components.push_back(component);
  }
  const Sampling max = finest(frame.components);
  for (const JpegComponent& component : frame.components) {
    if (max.horizontal % component.horizontal != 0 || max.vertical % component.vertical != 0) {
      file.fail(segment.at, "sampling factors that do not divide each other");
    }
  }
}

}  // namespace

JpegComponent* JpegFrame::find(unsigned id) {
  const auto found = std::find_if(components.begin(), components.end(),
                                  [id](const JpegComponent& c) { return c.id == id; });
  return found == components.end() ? nullptr : &*found;
}

std::uint64_t JpegFrame::blocks() const {
  const Sampling max = finest(components);
  const auto along = [](std::uint64_t extent, unsigned factor, unsigned finest) {
    const std::uint64_t unit = 8 * std::uint64_t{finest};
    return (extent * factor + unit - 1) / unit;
  };
  std::uint64_t total = 0;
  for (const JpegComponent& component : components) {
    total += along(width, component.horizontal, max.horizontal) *
             along(height, component.vertical, max.vertical);
  }
  return total;
}

JpegFrame read_jpeg_frame(const ImageBytes& file, const Segment& segment, bool progressive) {
  if (segment.size < 6) file.fail(segment.at, "a frame header that is too short");
  const unsigned precision = file.u8(segment.at);
  if (precision != 8) {
    file.unsupported(cat("JPEG of ", precision, " bits; save it with 8 bits or as PNG"));
  }
  JpegFrame frame;
  frame.progressive = progressive;
  frame.height = file.u16(segment.at + 1);
  frame.width = file.u16(segment.at + 3);
  file.check_size(segment.at + 1, frame.width, frame.height);
  read_components(file, segment, frame);
  return frame;
}

}  // namespace vitq
