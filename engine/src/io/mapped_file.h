// SPDX-License-Identifier: Apache-2.0
// A file's contents as memory. The mapping is private: writing to it never reaches the file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace vitq {

// Must not be shortened by anyone while it is mapped: the system answers an access beyond its new
// end with SIGBUS. Replacing it by renaming another file over it is harmless.
class MappedFile {
 public:
  // Throws FileError (kUnreadable) for anything but a readable regular file.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  // Starts at a page boundary; empty for an empty file.
  std::span<std::byte> bytes() const { return bytes_; }

 private:
  std::span<std::byte> bytes_;
};

}  // namespace vitq
