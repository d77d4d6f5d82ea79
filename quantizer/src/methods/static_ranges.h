// SPDX-License-Identifier: Apache-2.0
// The method behind the baselines: every activation tensor gets one static range, estimated from
// the histogram of all its values. Weights stay as they are.
#pragma once

#include <functional>

#include "layer/ranges.h"
#include "vitq/method.h"

namespace vitq {

using RangeEstimator = std::function<Interval(const Histogram&, CodeKind)>;

class StaticRanges : public Method {
 public:
  // `of_probabilities` estimates the range of an attention's probabilities; if it is empty,
  // `estimate` does.
  explicit StaticRanges(RangeEstimator estimate, RangeEstimator of_probabilities = {})
      : estimate_(std::move(estimate)),
        of_probabilities_(of_probabilities ? std::move(of_probabilities) : estimate_) {}

  void fit_layer(LayerDraft& layer, LayerData& data) const override;
  // Queries may have any range. The ranges of keys and values are symmetric around zero, and that
  // of the probabilities begins at zero.
  void fit_attention(AttentionDraft& attention, AttentionData& data) const override;

 private:
  RangeEstimator estimate_, of_probabilities_;
};

}  // namespace vitq
