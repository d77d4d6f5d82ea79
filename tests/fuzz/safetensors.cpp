// SPDX-License-Identifier: Apache-2.0
// The tensors of an accepted file own all of its data, nothing else, and are aligned. Each input is
// tried again with its header length put right, since mutations rarely get past that.
#include "io/safetensors.h"

#include <cstring>

#include "fuzz/target.h"
#include "vitq/error.h"

namespace {

void read(const std::vector<char>& input) {
  const auto file = std::make_shared<std::vector<char>>(input);
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
}

// Puts the header's length right: the header ends with the last brace.
std::vector<char> with_length(std::vector<char> file) {
  std::size_t end = file.size();
  while (end > 9 && file[end - 1] != '}') --end;
  const std::uint64_t length = end - 8;
  if (end > 9) std::memcpy(file.data(), &length, sizeof(length));
  return file;
}

}  // namespace

void check(std::span<const std::uint8_t> input) {
  const std::vector<char> file(input.begin(), input.end());
  try {
    read(with_length(file));
  } catch (const vitq::Error&) {
  }
  read(file);
}
