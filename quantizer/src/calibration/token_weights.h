// SPDX-License-Identifier: Apache-2.0
// How much more an error in an output token costs than one in another token.
#pragma once

#include "calibration/calibration_images.h"
#include "vitq/quantizer.h"

namespace vitq {

// Gives ratio ^ power for each sum of the residual stream. The ratio compares the errors at the
// outputs per energy of noise: that of noise on output tokens, divided by that on other tokens.
TokenWeightsFound measure_token_weights(const TokenWeights& settings,
                                        const CalibrationImages& images, int threads);

}  // namespace vitq
