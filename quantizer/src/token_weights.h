// SPDX-License-Identifier: Apache-2.0
// How much more an error of a output token costs than one of another row.
#pragma once

#include "calibration_images.h"
#include "vitq/quantizer.h"

namespace vitq {

// Per sum of the residual stream: (error at the outputs per unit of noise on output tokens, over
// the same for the others) ^ power.
TokenWeightsFound measure_row_weights(const TokenWeights& settings, const Images& images,
                                      int threads);

}  // namespace vitq
