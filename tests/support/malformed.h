// SPDX-License-Identifier: Apache-2.0
// Broken files made by hand, and the check that each is refused with the right error and a message
// that says what is wrong. Shares no code with the readers.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "vitq/error.h"

namespace vitq::test {

// A number in little-endian bytes.
inline std::string little_endian(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xFFU);
  return text;
}

// A safetensors file with this header text and this many bytes of data.
inline std::string safetensors_file(std::string_view header, std::size_t data_bytes) {
  return little_endian(header.size(), 8) + std::string(header) + std::string(data_bytes, '\x01');
}

// Version 1.0 of the npy format with this header text and this many bytes of data.
inline std::string npy_file(std::string_view header, std::size_t data_bytes) {
  return "\x93NUMPY\x01" + std::string(1, '\0') + little_endian(header.size(), 2) +
         std::string(header) + std::string(data_bytes, '\0');
}

struct Refusal {
  Fault fault = Fault::kMalformed;
  std::string message;
};

// What `read` throws; a failed check if that is no FileError.
template <typename Read>
Refusal refusal_of(const Read& read) {
  try {
    read();
  } catch (const FileError& error) {
    return {error.fault(), error.what()};
  } catch (const std::exception& error) {
    FAIL_CHECK("not a FileError: " << error.what());
    return {};
  }
  FAIL_CHECK("nothing was refused");
  return {};
}

// Each of `parts` must occur in the message: file, place, found, expected.
inline void check_parts(const std::string& message, std::initializer_list<std::string_view> parts) {
  for (const std::string_view part : parts) {
    CHECK_MESSAGE(message.find(part) != std::string::npos,
                  "'" << message << "' does not say '" << part << "'");
  }
}

}  // namespace vitq::test
