// SPDX-License-Identifier: Apache-2.0
// Classifies images on many threads with one model: threads MODEL IMAGE...
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "vitq/vitq.h"

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: threads MODEL IMAGE...\n";
    return 2;
  }
  try {
    // Each call runs on the thread that makes it. The model never changes, so all may share it:
    // a further thread costs its activations and no weights.
    const vitq::Model model = vitq::Model::load(argv[1], {.session = {.threads = 1}, .lower = {}});
    const std::vector<std::string> files(argv + 2, argv + argc);
    std::vector<std::string> answers(files.size());
    const auto classify = [&](std::size_t i) {
      try {
        const vitq::Image image = vitq::read_image(files[i], vitq::Exif::kApply);
        answers[i] = model.classify(image, 1).front().label;
      } catch (const vitq::Error& error) {  // must not leave the thread
        answers[i] = error.what();
      }
    };
    {
      std::vector<std::jthread> threads;  // joined at the end of the block
      for (std::size_t i = 0; i < files.size(); ++i) threads.emplace_back(classify, i);
    }
    for (std::size_t i = 0; i < files.size(); ++i) {
      std::cout << files[i] << "  " << answers[i] << '\n';
    }
  } catch (const vitq::Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
