// SPDX-License-Identifier: Apache-2.0
// One HTML page shows what vit_quantize has done. It needs nothing beside itself: drawings are
// inline, no script runs and nothing is fetched.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "quantize/report.h"

namespace vitq::apps {

// This is how size, or time, was traded for accuracy when bits were chosen. KL is the mean
// divergence of the outputs from the float network's in nats, or whatever else `loss` says.
struct TradeOff {
  struct Point {
    std::string label;
    double cost;  // bytes or nanoseconds: a millionth of the unit
    double kl;
  };
  std::vector<Point> front;    // the best there is at each size
  std::vector<Point> uniform;  // all layers at the same bits
  Point chosen;
  struct Bar {
    std::string layer;
    int bits;
    double kl;
  };
  std::vector<Bar> sensitivities;  // one layer alone at those bits
  std::string loss = "KL from the float model";
  std::string cost = "size of the file";
  std::string unit = "MB";
};

// Both files of `facts` have to be there, because their sizes are shown. Without a trade-off its
// section is left out.
std::string html_report(const Quantized& made, const QuantizeFacts& facts,
                        const std::optional<TradeOff>& trade_off);

}  // namespace vitq::apps
