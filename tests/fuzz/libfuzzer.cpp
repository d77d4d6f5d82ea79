// SPDX-License-Identifier: Apache-2.0
// Hands libFuzzer's inputs to a target.
#include "fuzz/target.h"
#include "vitq/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    check({data, size});
  } catch (const vitq::Error&) {
  }
  return 0;
}
