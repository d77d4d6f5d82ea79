// SPDX-License-Identifier: Apache-2.0
// Uses the installed library the way a stranger's program would: `consumer CHECKPOINT_FOLDER`
// converts a checkpoint, opens the result and classifies an image.
#include <iostream>

#include "vitq/convert.h"
#include "vitq/error.h"
#include "vitq/image.h"
#include "vitq/model.h"

int main(int, char** argv) {
  try {
    const vitq::Converted converted = vitq::convert(argv[1], {});
    vitq::write_safetensors("model.safetensors", converted.weights, vitq::Overwrite::kYes);
    vitq::Model model = vitq::Model::load("model.safetensors");
    const auto predictions = model.classify(vitq::make_image(40, 30), 2);
    for (const vitq::Prediction& prediction : predictions) {
      std::cout << prediction.score << ' ' << prediction.label << '\n';
    }
    return predictions.size() == 2 ? 0 : 1;
  } catch (const vitq::Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
