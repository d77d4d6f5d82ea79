// SPDX-License-Identifier: Apache-2.0
// This loads the models that vit_eval compares.
#pragma once

#include <string>

#include "eval/options.h"
#include "vitq/model.h"

namespace vitq::apps {

// The model file, or installed model, of that name; it prepares images as the job says. Throws what
// Model::load() throws.
Model load_model(const std::string& name, const EvalJob& job);

}  // namespace vitq::apps
