// SPDX-License-Identifier: Apache-2.0
// This is what vit_eval does.
#pragma once

#include "eval/options.h"

namespace vitq::apps {

// Evaluates a classifier or a network of features, alone or against another, or with `coco` a
// detector. Answers the exit code.
int run(const EvalJob& job);

}  // namespace vitq::apps
