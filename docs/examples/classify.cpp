// SPDX-License-Identifier: Apache-2.0
// Names what is in an image: classify MODEL IMAGE
#include <iostream>

#include "vitq/vitq.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: classify MODEL IMAGE\n";
    return 2;
  }
  try {
    // A model file holds the weights, the names of the classes, and how images are prepared.
    vitq::Model model = vitq::Model::load(argv[1]);
    // Cameras write into a file how they were held; kApply turns the image upright.
    const vitq::Image image = vitq::read_image(argv[2], vitq::Exif::kApply);
    for (const vitq::Prediction& prediction : model.classify(image, 5)) {
      std::cout << prediction.score << ' ' << prediction.label << '\n';
    }
  } catch (const vitq::Error& error) {  // all that the library reports is derived from it
    std::cerr << error.what() << '\n';
    return 1;
  }
}
