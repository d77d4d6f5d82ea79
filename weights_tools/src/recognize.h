// SPDX-License-Identifier: Apache-2.0
// Which family a checkpoint is of, and what it is otherwise.
#pragma once

#include <string>

#include "vitq/canonical_names.h"
#include "vitq/convert.h"
#include "vitq/family.h"

namespace vitq {

struct Recognized {
  const Family* family;
  Renamed renamed;
};

// `arch` names the family, or is empty. Throws UnsupportedError, which says what the checkpoint is
// and what to do.
Recognized recognize(const Checkpoint& source, const std::string& arch);

}  // namespace vitq
