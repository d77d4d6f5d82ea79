// SPDX-License-Identifier: Apache-2.0
// Kinds of errors as numbers, for whoever cannot catch exceptions.
#pragma once

#include <exception>

namespace vitq {

// The programs exit with these, and the C interface answers them.
enum class ErrorCode : int {
  kUsage = 2,       // an argument or environment variable is wrong
  kUnreadable = 3,  // a file is missing or unreadable, or may not be overwritten
  kMalformed = 4,   // a file is malformed, of an unsupported kind, or its weights do not fit
  kMismatch = 5,    // a checksum or format version does not match
  kLimit = 6,       // out of memory, or a documented limit is exceeded
  kInternal = 70,   // a bug
};

// The kind of any exception: one of vitq/error.h, of the file system, bad_alloc, or another.
ErrorCode error_code(const std::exception& error);

}  // namespace vitq
