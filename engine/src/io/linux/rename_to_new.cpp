// SPDX-License-Identifier: Apache-2.0
// Not every C library has renameat2, which Linux has had since 3.15.
#include "io/rename_to_new.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace vitq {

bool rename_to_new(const std::filesystem::path& from, const std::filesystem::path& to) {
  return ::syscall(SYS_renameat2, AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) ==
         0;
}

}  // namespace vitq
