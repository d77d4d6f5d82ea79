// SPDX-License-Identifier: Apache-2.0
// Every function of the interface runs its work inside call(), which no exception leaves.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>

#include "vitq/c.h"

namespace vitq::c {

// An argument is wrong. The message names it.
class ArgumentError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Progress was told to stop.
class Cancelled : public std::exception {};

// Keeps the message for vitq_last_error(), and answers the status that the exception stands for.
// To be called while it is being handled.
vitq_status keep_error() noexcept;

template <typename Work>
vitq_status call(const Work& work) noexcept {
  try {
    work();
    return VITQ_OK;
  } catch (...) {
    return keep_error();
  }
}

template <typename T>
T& required(T* pointer, const char* name) {
  if (pointer == nullptr) throw ArgumentError(std::string(name) + " is null");
  return *pointer;
}

inline const char* text_or(const char* text, const char* other) {
  return text == nullptr ? other : text;
}

// The struct at `given` as this library knows it. A shorter one of an older program is filled up
// with zeros. A longer one of a newer program must have zeros in what is not known here.
template <typename Struct>
Struct known_part(const Struct* given, const char* name) {
  Struct result = {};
  if (given == nullptr) return result;
  const std::size_t size = given->size;
  const auto* bytes = reinterpret_cast<const std::byte*>(given);
  // Other sizes than whole multiples would end in the middle of a pointer.
  if (size < sizeof(std::size_t) || size % alignof(Struct) != 0) {
    throw ArgumentError(std::string(name) + "->size is " + std::to_string(size) +
                        ", which is no size of this struct; set it to sizeof");
  }
  constexpr std::size_t kMost = 4096;
  const bool unknown =
      size > kMost ||
      (size > sizeof(Struct) && std::any_of(bytes + sizeof(Struct), bytes + size,
                                            [](std::byte byte) { return byte != std::byte{0}; }));
  if (unknown) {
    throw ArgumentError(std::string(name) + " has fields that this version of the library (" +
                        std::to_string(sizeof(Struct)) + " bytes) does not know");
  }
  std::memcpy(&result, given, std::min(size, sizeof(Struct)));
  return result;
}

}  // namespace vitq::c
