// SPDX-License-Identifier: Apache-2.0
// Finds objects in an image: detect MODEL IMAGE
#include <iostream>

#include "vitq/vitq.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: detect MODEL IMAGE\n";
    return 2;
  }
  try {
    vitq::Model model = vitq::Model::load(argv[1]);
    // The model may also be one that classifies, which detect() below would refuse.
    if (model.task() != vitq::Task::kDetection) {
      std::cerr << argv[1] << " does not detect objects\n";
      return 1;
    }
    const vitq::Image image = vitq::read_image(argv[2], vitq::Exif::kApply);
    // Objects whose probability is at least 0.7, the surest first.
    for (const vitq::Detection& found : model.detect(image, 0.7F)) {
      // Boxes are in pixels of the image. They may reach beyond its edges.
      const vitq::Box& box = found.box;
      std::cout << found.score << ' ' << found.label << "  from " << box.x0 << ", " << box.y0
                << " to " << box.x1 << ", " << box.y1 << '\n';
    }
  } catch (const vitq::Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
