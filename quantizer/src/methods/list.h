// SPDX-License-Identifier: Apache-2.0
// The makers of all methods; list.cpp names them.
#pragma once

#include <memory>

#include "vitq/method.h"

namespace vitq {

std::unique_ptr<const Method> make_target(Settings& settings);

}  // namespace vitq
