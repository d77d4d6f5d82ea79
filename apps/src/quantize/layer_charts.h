// SPDX-License-Identifier: Apache-2.0
// These drawings show what became of each layer, as HTML.
#pragma once

#include <span>
#include <string>

#include "vitq/quantizer.h"

namespace vitq::apps {

// Answers the CSS class in the colour of that many bits. 0 is float.
std::string bits_class(int bits);
// Squares in the colours of those bits say what they mean.
std::string bits_legend(std::span<const int> bits);

// Each layer has a cell in the graph's order, with weights above and activations below.
std::string bit_strip(std::span<const LayerReport> report);

// This is 10 log10(1 / error), the signal-to-noise ratio of a layer's outputs. Without error it is
// "exact".
std::string snr_text(double error);
// Each layer that has been quantized has a bar, and a mark where plain rounding would have been.
std::string snr_bars(std::span<const LayerReport> report);

// A small drawing per layer shows how its inputs lie, with the range of codes. The text is empty if
// none was noted.
std::string input_histograms(std::span<const LayerReport> report);

// A row has a name, a drawing that is stretched to the room there is, and a value.
struct BarRow {
  std::string name;
  std::string drawing;
  std::string value;
};
std::string bar_rows(std::span<const BarRow> rows);

}  // namespace vitq::apps
