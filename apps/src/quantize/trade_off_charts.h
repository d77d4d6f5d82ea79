// SPDX-License-Identifier: Apache-2.0
// These drawings show how size was traded for accuracy, as HTML.
#pragma once

#include <string>

#include "vitq/budget.h"

namespace vitq::apps {

// Megabytes grow to the right, the loss grows upwards on a logarithmic scale.
std::string front_plot(const TradeOff& trade_off);
// This is the same as a file of its own, with its colours.
std::string front_file(const TradeOff& trade_off);
// Each layer has a row that shows how far its outputs' error reaches at each number of bits.
std::string sensitivity_bars(const TradeOff& trade_off);

}  // namespace vitq::apps
