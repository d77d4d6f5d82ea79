// SPDX-License-Identifier: Apache-2.0
// Where no other process sees the files, a name that is free stays free.
#include "io/rename_to_new.h"

#include <cerrno>
#include <cstdio>

namespace vitq {

bool rename_to_new(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (std::filesystem::exists(to)) {
    errno = EEXIST;
    return false;
  }
  return std::rename(from.c_str(), to.c_str()) == 0;
}

}  // namespace vitq
