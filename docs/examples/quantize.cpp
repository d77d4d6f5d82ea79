// SPDX-License-Identifier: Apache-2.0
// Makes an int8 model of a published checkpoint: quantize CHECKPOINT FLOAT_MODEL MODEL IMAGE...
// The images should be like those that the model will see; a hundred are enough.
#include <iostream>
#include <vector>

#include "vitq/vitq.h"

int main(int argc, char** argv) {
  if (argc < 5) {
    std::cerr << "usage: quantize CHECKPOINT FLOAT_MODEL MODEL IMAGE...\n";
    return 2;
  }
  try {
    // A checkpoint is a folder as timm and transformers save it, or its file of safetensors.
    const vitq::Converted converted = vitq::convert(argv[1], {});
    // What no file stated was assumed. Wrong preprocessing would cost accuracy and show nowhere.
    for (const std::string& assumption : converted.assumptions) {
      std::cout << "assumed: " << assumption << '\n';
    }
    vitq::write_model(argv[2], converted.info, converted.weights, vitq::Overwrite::kYes);

    const std::vector<std::filesystem::path> images(argv + 4, argv + argc);
    vitq::QuantizeModelOptions options;
    options.bits = {.weights = 8, .activations = 8};
    options.progress = [](const vitq::Progress& progress) {
      std::cout << progress.index + 1 << " of " << progress.count << ": " << progress.layer << '\n';
    };
    const vitq::QuantizedModel made = vitq::quantize_model(argv[2], images, options);
    vitq::write_model(argv[3], made.info, made.weights, vitq::Overwrite::kYes);

    // How far the answers are from those of the float model, on the same images.
    vitq::Model model = vitq::Model::load(argv[3]);
    if (model.task() != vitq::Task::kClassification) return 0;
    vitq::Model reference = vitq::Model::load(argv[2]);
    std::vector<vitq::LabelledImage> shown;
    for (const std::filesystem::path& image : images) shown.push_back({.path = image});
    const vitq::Comparison comparison = vitq::compare_models(model, reference, shown).comparison;
    std::cout << comparison.agreeing << " of " << comparison.images << " answers agree, mean KL "
              << comparison.divergence / static_cast<double>(comparison.images) << " nats\n";
  } catch (const vitq::Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
