// SPDX-License-Identifier: Apache-2.0
// The README's sample: names what is in an image.
#include <iostream>

#include "vitq/image.h"
#include "vitq/model.h"

int main() {
  vitq::Model model = vitq::Model::load("deit_tiny.safetensors");
  const vitq::Image photo = vitq::read_image("photo.jpg", vitq::Exif::kApply);
  for (const vitq::Prediction& prediction : model.classify(photo, 5)) {
    std::cout << prediction.score << ' ' << prediction.label << '\n';
  }
}
