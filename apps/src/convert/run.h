// SPDX-License-Identifier: Apache-2.0
// This is what vit_convert does.
#pragma once

#include "convert/options.h"

namespace vitq::apps {

// Answers the exit code. Throws what convert() throws.
int run(const ConvertJob& job);

}  // namespace vitq::apps
