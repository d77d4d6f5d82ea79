// SPDX-License-Identifier: Apache-2.0
#include "pictures.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "text.h"
#include "vitq/error.h"

namespace vitq {

std::shared_ptr<const Values> load_pictures(const Network& network,
                                            const CalibrationSet& calibration, ValueStore& store) {
  const Node& input = network.graph[network.graph.inputs()[0]];
  auto pictures = store.make(input.shape, calibration.count);
  for (std::int64_t image = 0; image < calibration.count; ++image) {
    const Tensor picture = calibration.batch(image, 1);
    if (picture.shape() != input.shape || picture.dtype() != DType::kF32) {
      throw ShapeError(text_of("calibration image ", image, " is ", picture.shape().str(),
                               ", the network wants ", input.shape.str()));
    }
    if (!std::ranges::all_of(picture.as<float>(), [](float v) { return std::isfinite(v); })) {
      throw UnsupportedError(
          text_of("calibration image ", image, " has values that are no numbers"));
    }
    std::memcpy(pictures->image(image).data(), picture.data(), picture.bytes());
  }
  return pictures;
}

}  // namespace vitq
