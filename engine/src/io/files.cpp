// SPDX-License-Identifier: Apache-2.0
#include "io/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "core/text.h"
#include "vitq/error.h"

namespace vitq {
namespace {

int open_for_reading(const std::filesystem::path& path) {
  // Without O_NONBLOCK, opening a pipe would wait for a writer.
  const int number = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (number < 0) fail_system(path, "cannot open", errno);
  return number;
}

}  // namespace

void fail_system(const std::filesystem::path& path, const std::string& action, int error) {
  throw FileError(Fault::kUnreadable, path.string(),
                  cat(action, ": ", std::generic_category().message(error)));
}

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

OpenFile::OpenFile(const std::filesystem::path& path) : descriptor(open_for_reading(path)) {
  struct stat status = {};
  if (::fstat(descriptor.number(), &status) != 0) fail_system(path, "cannot examine", errno);
  if (!S_ISREG(status.st_mode)) {
    const char* found = S_ISDIR(status.st_mode) ? "a folder" : "a device, pipe or socket";
    throw FileError(Fault::kUnreadable, path.string(),
                    cat("found ", found, ", expected a regular file"));
  }
  size = static_cast<std::size_t>(status.st_size);
}

std::vector<std::byte> read_bytes(const std::filesystem::path& path, std::size_t max) {
  const OpenFile file(path);
  if (file.size > max) {
    throw LimitError(
        cat(path.string(), ": a file of ", file.size, " bytes, at most ", max, " are read"));
  }
  std::vector<std::byte> bytes(file.size);
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count =
        ::read(file.descriptor.number(), bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_system(path, cat("cannot read at byte ", done), errno);
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  bytes.resize(done);
  return bytes;
}

}  // namespace vitq
