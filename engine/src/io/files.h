// SPDX-License-Identifier: Apache-2.0
// Opening and reading regular files. Whatever the system refuses becomes a FileError (kUnreadable).
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace vitq {

// An open file descriptor, closed with its owner.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }

 private:
  int number_;
};

// A regular file opened for reading, and its size in bytes at that time.
struct OpenFile {
  explicit OpenFile(const std::filesystem::path& path);

  Descriptor descriptor;
  std::size_t size = 0;
};

// The whole of a regular file. Throws LimitError if it has more than `max` bytes.
std::vector<std::byte> read_bytes(const std::filesystem::path& path, std::size_t max);

// Throws FileError (kUnreadable) saying what was tried on `path` and the system's reason `error`.
[[noreturn]] void fail_system(const std::filesystem::path& path, const std::string& action,
                              int error);

}  // namespace vitq
