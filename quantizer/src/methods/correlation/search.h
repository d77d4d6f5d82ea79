// SPDX-License-Identifier: Apache-2.0
// The search of the paper "Post-training quantization for vision transformer" (arXiv:2106.14156).
// It finds one scale for each operand of a layer or an attention.
#pragma once

#include <cstdint>
#include <vector>

#include "methods/correlation/attention_rows.h"
#include "methods/correlation/objective.h"
#include "methods/correlation/scale_search.h"
#include "vitq/layer_data.h"
#include "vitq/layer_draft.h"
#include "vitq/matrix.h"

namespace vitq {

struct CorrelationSettings {
  ScaleSearch search = {};
  std::int64_t tokens = 1024;  // rows of whole images that a search looks at
  int pairs = 128;             // of columns in each row of logits, for the ranking loss
  double gamma = 0.1;          // the weight of the ranking loss
  double theta = 0.2;          // the gap between two logits beyond which their order is safe
  bool similarity = true;      // off: no search, scales from the largest magnitudes
  bool ranking = true;
  bool bias_correction = true;
  bool after_softmax = false;  // attentions are compared as their softmax has them, not as logits
};

// The search that the settings ask for: without similarity it has no rounds.
ScaleSearch steps_of(const CorrelationSettings& settings);

// How well quantized operands reproduce y = W x + b over some rows.
class LinearSearch {
 public:
  // Keeps references to both.
  LinearSearch(const LayerDraft& layer, const LayerSample& rows);

  // The correlation with the targets of the rows. It uses the bias of the last correct().
  double score(Scales scales) const;
  // Moves the bias so that the mean error of every output over the rows is zero.
  void correct(Scales scales);

  const std::vector<float>& bias() const { return bias_; }

 private:
  Matrix products(Scales scales) const;  // W x

  const LayerDraft& layer_;
  const LayerSample& rows_;
  std::vector<float> bias_;
};

// The best scales of the layer. Its bias is corrected over the rows after every round of the
// search. `input_max` is the greatest magnitude of all inputs, also of rows that are not here.
Found search_linear(const LayerDraft& layer, const LayerSample& rows, float input_max,
                    const CorrelationSettings& settings);

// The scales of queries and keys with the greatest correlation of the logits, less gamma times
// their ranking loss. Both may be of what the softmax makes of the logits.
Found search_logits(const AttentionRows& rows, int bits, const CorrelationSettings& settings);
// The scales of probabilities and values with the greatest correlation of the attention's output.
Found search_output(const AttentionRows& rows, int bits, const CorrelationSettings& settings);

}  // namespace vitq
