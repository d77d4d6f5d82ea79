// SPDX-License-Identifier: Apache-2.0
#include "vitq/error_code.h"

#include <filesystem>
#include <new>

#include "vitq/error.h"

namespace vitq {
namespace {

ErrorCode code_of(Fault fault) {
  switch (fault) {
    case Fault::kUnreadable: return ErrorCode::kUnreadable;
    case Fault::kMalformed: return ErrorCode::kMalformed;
    case Fault::kMismatch: return ErrorCode::kMismatch;
  }
  return ErrorCode::kInternal;
}

template <typename Class>
bool is(const std::exception& error) {
  return dynamic_cast<const Class*>(&error) != nullptr;
}

}  // namespace

ErrorCode error_code(const std::exception& error) {
  if (const auto* file = dynamic_cast<const FileError*>(&error)) return code_of(file->fault());
  if (is<LimitError>(error) || is<std::bad_alloc>(error)) return ErrorCode::kLimit;
  if (is<IsaError>(error)) return ErrorCode::kUsage;
  if (is<Error>(error)) return ErrorCode::kMalformed;
  if (is<std::filesystem::filesystem_error>(error)) return ErrorCode::kUnreadable;
  return ErrorCode::kInternal;
}

}  // namespace vitq
