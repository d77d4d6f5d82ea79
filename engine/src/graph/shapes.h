// SPDX-License-Identifier: Apache-2.0
// One shape rule per op.
#pragma once

#include <span>
#include <string>

#include "vitq/op.h"
#include "vitq/tensor.h"

namespace vitq {

// The shape of an op's result. Throws ShapeError naming `node` and the shapes that do not fit. Not
// for Input, Param, Constant and Reshape, whose shape is stated.
Shape infer_shape(const std::string& node, const Op& op, std::span<const Shape> inputs);

}  // namespace vitq
