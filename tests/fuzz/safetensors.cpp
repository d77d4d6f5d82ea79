// SPDX-License-Identifier: Apache-2.0
// The tensors of an accepted file own all of its data, nothing else, and are aligned. Each input is
// tried again with its header length put right, since mutations rarely get past that.
#include "io/safetensors.h"

#include <cstring>

#include "vitq/error.h"

namespace {

void read(const std::vector<char>& input) {
  const auto file = std::make_shared<std::vector<char>>(input);
  try {
    auto bytes = std::as_writable_bytes(std::span(*file));
    std::uint64_t rest = input.size() - 8;
    for (auto& [name, tensor] : vitq::safetensors::parse(bytes, file, "input", true).tensors) {
      const auto address = reinterpret_cast<std::uintptr_t>(tensor.data());
      if (address % size_of(tensor.dtype()) != 0 || name.empty()) __builtin_trap();
      if (tensor.bytes() > 0) std::memset(tensor.data(), 0, tensor.bytes());
      rest -= tensor.bytes();
    }
    const bool header_is_left = std::memcmp(&rest, input.data(), sizeof(rest)) == 0;
    if (!header_is_left || (*file)[8] != '{') __builtin_trap();
  } catch (const vitq::Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<char> input(data, data + size);
  read(input);
  while (size > 9 && data[size - 1] != '}') --size;
  const std::uint64_t length = size - 8;
  if (size > 9) std::memcpy(input.data(), &length, sizeof(length));
  read(input);
  return 0;
}
