// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "vitq/family.h"

namespace vitq {

extern const Family kYolos;

}  // namespace vitq
