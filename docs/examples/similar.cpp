// SPDX-License-Identifier: Apache-2.0
// Says how alike two images are to a network of features: similar MODEL IMAGE IMAGE
#include <iostream>

#include "vitq/vitq.h"

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: similar MODEL IMAGE IMAGE\n";
    return 2;
  }
  try {
    const vitq::Model model = vitq::Model::load(argv[1]);
    // A network without a head, such as DINOv2 or an image tower of CLIP, describes an image by a
    // row of numbers. The patches' own rows are in `tokens`.
    const vitq::ImageFeatures a = model.features(vitq::read_image(argv[2], vitq::Exif::kApply));
    const vitq::ImageFeatures b = model.features(vitq::read_image(argv[3], vitq::Exif::kApply));
    std::cout << vitq::cosine(a.pooled.as<float>(), b.pooled.as<float>()) << '\n';
  } catch (const vitq::Error& error) {  // all that the library reports is derived from it
    std::cerr << error.what() << '\n';
    return 1;
  }
}
