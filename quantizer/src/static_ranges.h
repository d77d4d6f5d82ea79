// SPDX-License-Identifier: Apache-2.0
// The method behind the baselines: every activation gets one static range per tensor, estimated
// from the histogram of all its values. Weights are left alone.
#pragma once

#include <functional>

#include "ranges.h"
#include "vitq/method.h"

namespace vitq {

using RangeEstimator = std::function<Interval(const Histogram&, CodeKind)>;

class StaticRanges : public Method {
 public:
  // `of_probabilities`: for an attention's probabilities, if they want another.
  explicit StaticRanges(RangeEstimator estimate, RangeEstimator of_probabilities = {})
      : estimate_(std::move(estimate)),
        of_probabilities_(of_probabilities ? std::move(of_probabilities) : estimate_) {}

  void fit_layer(LayerDraft& layer, LayerData& data) const override;
  // Queries may have any range; those of keys and values lie around zero, and that of the
  // probabilities begins there.
  void fit_attention(AttentionDraft& attention, AttentionData& data) const override;

 private:
  RangeEstimator estimate_, of_probabilities_;
};

}  // namespace vitq
