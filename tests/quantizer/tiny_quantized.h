// SPDX-License-Identifier: Apache-2.0
// The small network of these tests, quantized, and how near its answers are to float.
#pragma once

#include <cmath>
#include <memory>
#include <vector>

#include "calibration/pixels.h"
#include "quantizer/tiny_network.h"
#include "vitq/plan.h"
#include "vitq/session.h"

namespace vitq::test {

inline Quantized quantized(const TinyNetwork& tiny, Bits bits, int threads = 1,
                           const Recipe& recipe = recipe_named("default")) {
  QuantizeOptions options;
  options.bits = bits;
  options.threads = threads;
  return quantize(tiny.network(), tiny.images(24), recipe, options);
}

inline std::vector<float> logits_of(const TinyNetwork& tiny, const Weights& weights,
                                    const Scheme& scheme) {
  Session session(std::make_shared<const Plan>(lower(tiny.graph, weights, scheme, LowerOptions{})),
                  {.threads = 1});
  const CalibrationSet unseen = tiny.images(16, 1000);
  std::vector<float> all;
  for (std::int64_t i = 0; i < unseen.count; ++i) {
    const auto logits =
        session.run(plan_inputs(session.plan(), {unseen.image(i)}, tiny.network()))[0].as<float>();
    all.insert(all.end(), logits.begin(), logits.end());
  }
  return all;
}

inline double snr(const std::vector<float>& wanted, const std::vector<float>& found) {
  double signal = 0.0;
  double noise = 1e-30;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    signal += static_cast<double>(wanted[i]) * static_cast<double>(wanted[i]);
    noise += (static_cast<double>(wanted[i]) - static_cast<double>(found[i])) *
             (static_cast<double>(wanted[i]) - static_cast<double>(found[i]));
  }
  return 10.0 * std::log10(signal / noise);
}

inline double snr_at(const TinyNetwork& tiny, Bits bits,
                     const Recipe& recipe = recipe_named("default")) {
  const Quantized result = quantized(tiny, bits, 1, recipe);
  return snr(logits_of(tiny, tiny.weights, Scheme::float32()),
             logits_of(tiny, result.weights, result.scheme));
}

}  // namespace vitq::test
