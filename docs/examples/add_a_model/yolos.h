// SPDX-License-Identifier: Apache-2.0
// The worked example of docs/add_a_model.md.
#pragma once

#include "vitq/family.h"

namespace vitq {

extern const Family kYolos;

}  // namespace vitq
