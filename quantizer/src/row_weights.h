// SPDX-License-Identifier: Apache-2.0
// How much more an error of a special row costs than one of another row.
#pragma once

#include "pictures.h"
#include "vitq/quantizer.h"

namespace vitq {

// Per sum of the residual stream: (error at the outputs per unit of noise on special rows, over the
// same for the others) ^ power.
RowWeightsFound measure_row_weights(const RowWeights& settings, const Pictures& pictures,
                                    int threads);

}  // namespace vitq
