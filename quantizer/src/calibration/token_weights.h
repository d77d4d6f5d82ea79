// SPDX-License-Identifier: Apache-2.0
// How much more an error in an output token costs than one in another token.
#pragma once

#include "calibration/calibration_images.h"
#include "vitq/quantizer.h"

namespace vitq {

// For each sum of the residual stream: (error at the outputs per energy of noise on output tokens,
// divided by the same for the other tokens) ^ power.
TokenWeightsFound measure_token_weights(const TokenWeights& settings,
                                        const CalibrationImages& images, int threads);

}  // namespace vitq
