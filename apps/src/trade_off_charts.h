// SPDX-License-Identifier: Apache-2.0
// Drawings of how size was traded for accuracy, as HTML.
#pragma once

#include <string>

#include "html_report.h"

namespace vitq::apps {

// Megabytes to the right, KL upwards on a logarithmic scale.
std::string front_plot(const TradeOff& trade_off);
// The same as a file of its own, with its colours.
std::string front_file(const TradeOff& trade_off);
// One row per layer: how far its outputs' error reaches at each number of bits.
std::string sensitivity_bars(const TradeOff& trade_off);

}  // namespace vitq::apps
