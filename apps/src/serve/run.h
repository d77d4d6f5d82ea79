// SPDX-License-Identifier: Apache-2.0
// One run of vit_serve, from its start to the last answer.
#pragma once

#include "serve/options.h"

namespace vitq::apps {

// Answers the exit code: 0 after a stop in which all accepted requests were answered.
int run(ServeJob job);

}  // namespace vitq::apps
