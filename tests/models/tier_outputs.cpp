// SPDX-License-Identifier: Apache-2.0
// `tier_outputs MODEL BACKEND` shows fixed images to a network on the tier that VITQ_ISA names. It
// prints that tier, then the kernels of all steps, each on a line of its own. After an empty line
// come the bytes of the outputs. It is a program because a process has one tier for life.
#include <iostream>
#include <string_view>

#include "vitq/model.h"

namespace {

using namespace vitq;

Image speckled(std::uint32_t state) {
  Image image = make_image(64, 48);
  for (std::uint8_t& value : image.rgb) {
    state = state * 1664525U + 1013904223U;
    value = static_cast<std::uint8_t>(state >> 24U);
  }
  return image;
}

void print_answers(const char* file, Backend backend) {
  Model model = Model::load(file, {.session = {.threads = 2, .backend = backend}, .lower = {}});
  const Image images[] = {speckled(7), speckled(8)};
  const Tensor input = model.prepare(images);
  const std::vector<Tensor> outputs = model.run(input);
  std::cout << isa_in_use() << '\n';
  for (const StepProfile& step : model.session(input.shape()).profile()) {
    std::cout << step.kernel << '\n';
  }
  std::cout << '\n';
  for (const Tensor& output : outputs) {
    const std::span<const float> values = output.as<float>();
    std::cout.write(reinterpret_cast<const char*>(values.data()),
                    static_cast<std::streamsize>(values.size_bytes()));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  try {
    const bool reference = std::string_view(argv[2]) == "reference";
    print_answers(argv[1], reference ? Backend::kReference : Backend::kFast);
  } catch (const std::exception& error) {
    std::cerr << "tier_outputs: error: " << error.what() << '\n';
    return 1;
  }
  return std::cout.flush() ? 0 : 1;
}
