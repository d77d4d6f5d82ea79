// SPDX-License-Identifier: Apache-2.0
// Uses the installed library the way a stranger's program would.
#include <iostream>

#include "vitq/error.h"
#include "vitq/tensor.h"

int main() {
  vitq::Tensor tensor({2, 3}, vitq::DType::kF32);
  tensor.as<float>()[5] = 0.5F;
  try {
    (void)tensor.reshaped({7});
  } catch (const vitq::ShapeError& error) {
    std::cout << "refused as it should be: " << error.what() << '\n';
    return tensor.to_f16().shape().elements() == 6 ? 0 : 1;
  }
  return 1;
}
