// SPDX-License-Identifier: Apache-2.0
// A file that appears whole or not at all.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "vitq/weights.h"

namespace vitq {

// Collects its contents in a temporary file beside the target; commit() puts that in place, and
// without commit() the destructor removes it. Throws FileError (kUnreadable).
class AtomicFile {
 public:
  AtomicFile(const std::filesystem::path& path, Overwrite overwrite);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text.data(), text.size()))); }
  void commit();

 private:
  void create_temporary();
  void move_into_place();

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  Overwrite overwrite_;
  int descriptor_ = -1;
};

}  // namespace vitq
