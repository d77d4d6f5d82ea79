// SPDX-License-Identifier: Apache-2.0
// Calibration pictures, read once and checked.
#pragma once

#include <memory>

#include "values.h"
#include "vitq/quantizer.h"

namespace vitq {

// Throws ShapeError for one that is not the network's input, UnsupportedError for NaN.
std::shared_ptr<const Values> load_pictures(const Network& network, const CalibrationSet& images,
                                            ValueStore& store);

}  // namespace vitq
