// SPDX-License-Identifier: Apache-2.0
// The makers of all methods; list.cpp gives them their names. Each method has a file of its own,
// but for the baselines, which share static_ranges.cpp.
#pragma once

#include <memory>

#include "vitq/method.h"

namespace vitq {

std::unique_ptr<const Method> make_qk_smooth(Settings& settings);
std::unique_ptr<const Method> make_bias(Settings& settings);
std::unique_ptr<const Method> make_clip(Settings& settings);
std::unique_ptr<const Method> make_codebook(Settings& settings);
std::unique_ptr<const Method> make_correlation(Settings& settings);
std::unique_ptr<const Method> make_key_value_bits(Settings& settings);
std::unique_ptr<const Method> make_entropy(Settings& settings);
std::unique_ptr<const Method> make_smooth(Settings& settings);
std::unique_ptr<const Method> make_gptq(Settings& settings);
std::unique_ptr<const Method> make_minmax(Settings& settings);
std::unique_ptr<const Method> make_mse(Settings& settings);
std::unique_ptr<const Method> make_nearest(Settings& settings);
std::unique_ptr<const Method> make_percentile(Settings& settings);
std::unique_ptr<const Method> make_ridge(Settings& settings);
std::unique_ptr<const Method> make_row_scale(Settings& settings);
std::unique_ptr<const Method> make_coordinate_descent(Settings& settings);
std::unique_ptr<const Method> make_target(Settings& settings);

}  // namespace vitq
