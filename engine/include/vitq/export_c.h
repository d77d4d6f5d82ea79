// SPDX-License-Identifier: Apache-2.0
// An integer-only plan as C99 without dependencies: the very functions that the engine runs, its
// steps as a table, and its constants as arrays.
#pragma once

#include <cstdint>
#include <string>

#include "vitq/plan.h"

namespace vitq {

struct ExportedC {
  std::string header;  // model.h: the interface
  std::string source;  // model.c: functions and steps
  std::string arrays;  // arrays.h, which model.c includes: weights and all other constants
  std::int64_t steps = 0;
  std::int64_t constant_bytes = 0;  // of the arrays
  std::int64_t memory_bytes = 0;    // of static memory, which is written to
};

// `title` says in a comment what the network is. Throws UnsupportedError for a plan with a step on
// floats, and for one whose only input is not bytes.
ExportedC export_c(const Plan& plan, const std::string& title);

}  // namespace vitq
