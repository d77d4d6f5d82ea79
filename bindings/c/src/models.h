// SPDX-License-Identifier: Apache-2.0
// Models that are open.
#pragma once

#include <memory>
#include <string>

#include "vitq/c.h"
#include "vitq/model.h"

namespace vitq::c {

struct OpenModel {
  Model model;
  std::string info;  // JSON
};

// Throws ArgumentError if it is not open.
std::shared_ptr<const OpenModel> open_model(vitq_model model);

}  // namespace vitq::c
