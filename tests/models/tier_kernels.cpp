// SPDX-License-Identifier: Apache-2.0
// `tier_kernels MODEL` prints the tier that VITQ_ISA names and the kernels of all steps, each on a
// line of its own. It is a program because a process has one tier for life.
#include <iostream>

#include "vitq/model.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    vitq::Model model = vitq::Model::load(argv[1], {.session = {.threads = 1}, .lower = {}});
    const vitq::Image image = vitq::make_image(64, 48);
    const vitq::Tensor input = model.prepare({&image, 1});
    std::cout << vitq::isa_in_use() << '\n';
    for (const vitq::StepProfile& step : model.session(input.shape()).profile()) {
      std::cout << step.kernel << '\n';
    }
  } catch (const std::exception& error) {
    std::cerr << "tier_kernels: error: " << error.what() << '\n';
    return 1;
  }
  return std::cout.flush() ? 0 : 1;
}
