// SPDX-License-Identifier: Apache-2.0
// The bytes of images, which a quantized first layer takes as its codes.
#pragma once

#include <vector>

#include "vitq/lower.h"
#include "vitq/quantizer.h"

namespace vitq {

// The static range whose codes are the bytes: x = channel_offset + smoothing_scale * byte.
QParams pixel_codes(const Pixels& pixels);

// What a plan takes in place of these values: the bytes of an image where it reads them, and
// otherwise the values themselves.
std::vector<Tensor> plan_inputs(const Plan& plan, std::vector<Tensor> values,
                                const Network& network);

}  // namespace vitq
