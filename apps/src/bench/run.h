// SPDX-License-Identifier: Apache-2.0
// This is what vit_bench does.
#pragma once

#include "bench/options.h"

namespace vitq::apps {

// Measures every combination of models, batches and threads. Answers the exit code.
int run(const BenchJob& job);

}  // namespace vitq::apps
