// SPDX-License-Identifier: Apache-2.0
// Drawings of what became of each layer, as HTML.
#pragma once

#include <span>
#include <string>

#include "vitq/quantizer.h"

namespace vitq::apps {

// The CSS class in the colour of that many bits; 0: float.
std::string bits_class(int bits);
// Squares in the colours of those bits, and what they mean.
std::string bits_legend(std::span<const int> bits);

// One cell per layer in the graph's order: weights above, activations below.
std::string bit_strip(std::span<const LayerReport> report);

// 10 log10(1 / error), the signal-to-noise ratio of a layer's outputs; "exact" without error.
std::string snr_text(double error);
// One bar per layer that has been quantized, and a mark where plain rounding would have been.
std::string snr_bars(std::span<const LayerReport> report);

// One small drawing per layer of how its inputs lie, with the range of codes; empty if none was
// noted.
std::string input_histograms(std::span<const LayerReport> report);

// A name, a drawing that is stretched to the room there is, and a value.
struct BarRow {
  std::string name;
  std::string drawing;
  std::string value;
};
std::string bar_rows(std::span<const BarRow> rows);

}  // namespace vitq::apps
