// SPDX-License-Identifier: Apache-2.0
// This is what vit_inspect does.
#pragma once

#include "inspect/options.h"

namespace vitq::apps {

// Answers the exit code. Throws UsageError for options that do not go together, and what reading
// the file throws. A checksum that is to be verified and differs is a FileError(kMismatch).
int run(const InspectJob& job);

}  // namespace vitq::apps
