// SPDX-License-Identifier: Apache-2.0
// One HTML page shows what vit_quantize has done. It needs nothing beside itself: drawings are
// inline, no script runs and nothing is fetched.
#pragma once

#include <optional>
#include <string>

#include "quantize/report.h"

namespace vitq::apps {

// Both files of `facts` have to be there, because their sizes are shown. Without a trade-off its
// section is left out.
std::string html_report(const QuantizedModel& made, const QuantizeFacts& facts,
                        const std::optional<TradeOff>& trade_off);

}  // namespace vitq::apps
