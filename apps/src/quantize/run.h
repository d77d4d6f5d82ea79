// SPDX-License-Identifier: Apache-2.0
// This is what vit_quantize does.
#pragma once

#include "quantize/options.h"

namespace vitq::apps {

// Answers the exit code. Throws UsageError for options that do not go together, and what reading
// the model, calibrating and writing throw. Nothing is written unless all has gone well.
int run(const QuantizeJob& job);

}  // namespace vitq::apps
