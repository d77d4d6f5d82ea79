// SPDX-License-Identifier: Apache-2.0
#include "calibration/values.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <system_error>

#include "base/text.h"
#include "vitq/error.h"

namespace vitq {
namespace {

constexpr std::align_val_t kAlignment{64};

std::int64_t bytes_of(const Shape& shape) {
  return shape.elements() * static_cast<std::int64_t>(sizeof(float));
}

// Makes a file without a name, which is gone once it is closed.
int unnamed_file(const std::filesystem::path& folder) {
  std::string name = (folder / "vitq.XXXXXX").string();
  const int file = mkstemp(name.data());
  if (file >= 0) unlink(name.c_str());
  return file;
}

std::filesystem::path folder_or_default(const std::filesystem::path& scratch) {
  if (!scratch.empty()) return scratch;
  std::error_code error;
  std::filesystem::path folder = std::filesystem::temp_directory_path(error);
  if (error) {
    throw FileError(Fault::kUnreadable, "temporary files",
                    "the system's folder for them cannot be used: " + error.message());
  }
  return folder;
}

std::shared_ptr<std::byte> on_disk(const std::filesystem::path& scratch, std::int64_t bytes) {
  const std::filesystem::path folder = folder_or_default(scratch);
  const auto fail = [&](int error) {
    throw FileError(Fault::kUnreadable, folder.string(),
                    text_of("no room for ", bytes, " bytes of activations: ", strerror(error)));
  };
  const int file = unnamed_file(folder);
  if (file < 0) fail(errno);
  const int full = posix_fallocate(file, 0, bytes);
  const auto size = static_cast<std::size_t>(bytes);
  void* data =
      full == 0 ? mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) : MAP_FAILED;
  const int error = full == 0 ? errno : full;
  close(file);
  if (data == MAP_FAILED) fail(error);
  return {static_cast<std::byte*>(data), [size](std::byte* p) { munmap(p, size); }};
}

}  // namespace

ValueStore::ValueStore(std::int64_t memory_bytes, std::filesystem::path scratch)
    : left_(std::make_shared<std::int64_t>(memory_bytes)), scratch_(std::move(scratch)) {}

Values ValueStore::make(std::span<const Shape> shapes) {
  std::int64_t bytes = 0;
  for (const Shape& shape : shapes) bytes += bytes_of(shape);
  const std::shared_ptr<std::byte> room = room_for(bytes);
  Values values;
  std::int64_t offset = 0;
  for (const Shape& shape : shapes) {
    values.push_back(Tensor::borrow(shape, DType::kF32, room.get() + offset, room));
    offset += bytes_of(shape);
  }
  return values;
}

std::shared_ptr<std::byte> ValueStore::room_for(std::int64_t bytes) {
  if (bytes > *left_) return on_disk(scratch_, bytes);
  *left_ -= bytes;
  auto* data = static_cast<std::byte*>(operator new(static_cast<std::size_t>(bytes), kAlignment));
  const auto give_back = [left = left_, bytes](std::byte* p) {
    operator delete(p, kAlignment);
    *left += bytes;
  };
  return {data, give_back};
}

}  // namespace vitq
