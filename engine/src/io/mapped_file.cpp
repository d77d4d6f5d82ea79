// SPDX-License-Identifier: Apache-2.0
#include "io/mapped_file.h"

#include <sys/mman.h>

#include <cerrno>

#include "io/files.h"

namespace vitq {

MappedFile::MappedFile(const std::filesystem::path& path) {
  const OpenFile file(path);
  if (file.size == 0) return;
  void* memory = ::mmap(nullptr, file.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE,
                        file.descriptor.number(), 0);
  if (memory == MAP_FAILED) fail_system(path, "cannot map", errno);
  bytes_ = {static_cast<std::byte*>(memory), file.size};
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

}  // namespace vitq
