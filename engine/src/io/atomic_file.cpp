// SPDX-License-Identifier: Apache-2.0
#include "io/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <random>
#include <utility>

#include "core/text.h"
#include "io/files.h"
#include "io/rename_to_new.h"
#include "vitq/error.h"

namespace vitq {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail_existing(const fs::path& path) {
  throw FileError(Fault::kUnreadable, path.string(),
                  "found an existing file, which may not be overwritten");
}

// What will be replaced: a link is followed, so that it goes on pointing to the file.
fs::path resolve_target(const fs::path& path, Overwrite overwrite) {
  std::error_code error;
  if (path.filename().empty()) fail_system(path, "cannot write", EISDIR);
  const fs::file_status found = fs::symlink_status(path, error);
  if (found.type() == fs::file_type::not_found) return path;
  if (error) fail_system(path, "cannot examine", error.value());
  if (overwrite == Overwrite::kNo) fail_existing(path);
  const fs::path target = fs::canonical(path, error);
  if (error) fail_system(path, "cannot follow the link", error.value());
  // Renaming over a device such as /dev/null would remove it.
  if (!fs::is_regular_file(target, error)) {
    throw FileError(Fault::kUnreadable, path.string(),
                    "cannot be overwritten: expected a regular file");
  }
  return target;
}

fs::path folder_of(const fs::path& path) {
  const fs::path folder = path.parent_path();
  return folder.empty() ? fs::path(".") : folder;
}

void sync_folder(const fs::path& folder) {
  const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor.number() < 0) return;  // a folder that may be written but not read
  // Some file systems cannot sync folders and say EINVAL.
  if (::fsync(descriptor.number()) != 0 && errno != EINVAL)
    fail_system(folder, "cannot sync", errno);
}

}  // namespace

AtomicFile::AtomicFile(const fs::path& path, Overwrite overwrite)
    : path_(resolve_target(path, overwrite)), overwrite_(overwrite) {
  create_temporary();
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::create_temporary() {
  constexpr int kAttempts = 16;
  std::random_device random;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const fs::path name = folder_of(path_) / cat(".vitq-", random(), "-", random(), ".tmp");
    descriptor_ = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ >= 0) {
      temporary_ = name;
      return;
    }
    if (errno != EEXIST) break;
  }
  fail_system(path_, "cannot create a file in its folder", errno);
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  constexpr std::size_t kMax = std::size_t{1} << 30;  // one call writes at most 2 GiB
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor_, bytes.data(), std::min(bytes.size(), kMax));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_system(path_, "cannot write", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

void AtomicFile::commit() {
  if (::fsync(descriptor_) != 0) fail_system(path_, "cannot write", errno);
  const int closed = ::close(std::exchange(descriptor_, -1));
  if (closed != 0) fail_system(path_, "cannot write", errno);
  move_into_place();
  sync_folder(folder_of(path_));
}

void AtomicFile::move_into_place() {
  if (overwrite_ == Overwrite::kYes) {
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail_system(path_, "cannot write", errno);
    temporary_.clear();
    return;
  }
  // Unlike rename, link refuses a file that has appeared since it was looked for. The temporary
  // name goes with the destructor.
  if (::link(temporary_.c_str(), path_.c_str()) == 0) return;
  if (errno == EEXIST) fail_existing(path_);
  // A file system without links: the kernel's own exclusive rename is left.
  if (!rename_to_new(temporary_, path_)) {
    if (errno == EEXIST) fail_existing(path_);
    fail_system(path_, "cannot write", errno);
  }
  temporary_.clear();
}

void write_file(const fs::path& path, std::span<const std::byte> bytes, Overwrite overwrite) {
  AtomicFile file(path, overwrite);
  file.write(bytes);
  file.commit();
}

void write_file(const fs::path& path, std::string_view text, Overwrite overwrite) {
  write_file(path, std::as_bytes(std::span(text.data(), text.size())), overwrite);
}

}  // namespace vitq
