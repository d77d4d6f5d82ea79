// SPDX-License-Identifier: Apache-2.0
// This is what vit_infer does.
#pragma once

#include "infer/options.h"

namespace vitq::apps {

// Answers the exit code. Throws UsageError for options that do not go together, and all that
// loading a model and reading an image may throw.
int run(const InferJob& job);

}  // namespace vitq::apps
