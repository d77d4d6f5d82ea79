// SPDX-License-Identifier: Apache-2.0
// The search of the paper "Post-training quantization for vision transformer" (arXiv:2106.14156),
// without its mixed precision: scales of one layer's or attention's operands, one per tensor.
#pragma once

#include <cstdint>
#include <vector>

#include "objective.h"
#include "scale_search.h"
#include "vitq/layer_data.h"
#include "vitq/layer_draft.h"
#include "vitq/matrix.h"

namespace vitq {

struct CorrelationSettings {
  ScaleSearch search = {};
  std::int64_t tokens = 1024;  // that a search looks at: rows of whole images
  int pairs = 128;             // of columns, per row of logits
  double gamma = 0.1;          // weight of the ranking loss
  double theta = 0.2;
  bool similarity = true;  // off: no search, scales from the largest magnitudes
  bool ranking = true;
  bool bias_correction = true;
};

// y = W x + b over some rows: how well quantized operands reproduce it.
class LinearSearch {
 public:
  // Keeps references: rows must outlive it.
  LinearSearch(const LayerDraft& layer, const RowSample& rows);

  // The correlation with the rows' targets, with the bias of the last correct().
  double score(Scales scales) const;
  // Moves the bias so that the mean error of every output over the rows is zero.
  void correct(Scales scales);

  const std::vector<float>& bias() const { return bias_; }

 private:
  Matrix products(Scales scales) const;  // W x

  const LayerDraft& layer_;
  const RowSample& rows_;
  std::vector<float> bias_;
};

// The best scales of the layer, its bias corrected over the rows after every round of the search.
// `input_max`: the greatest magnitude of all inputs, also of rows that are not here.
Found search_linear(const LayerDraft& layer, const RowSample& rows, float input_max,
                    const CorrelationSettings& settings);

// Rows of queries, and all keys and values, of some images, which may differ in how many they have:
// one matrix per image and head.
struct AttentionRows {
  std::vector<Matrix> query;        // [rows, d]
  std::vector<Matrix> key;          // [keys, d]
  std::vector<Matrix> value;        // [d, keys]
  std::vector<std::int32_t> image;  // of each matrix, from 0
  float scale = 1.0F;               // of the logits
  // Greatest magnitudes, of all rows of all images.
  float query_max = 0.0F, key_max = 0.0F, value_max = 0.0F;
};

// Scales of queries and keys; greater correlation of the logits, less ranking loss.
Found search_logits(const AttentionRows& rows, int bits, const CorrelationSettings& settings);
// Scales of probabilities and values; greater correlation of the attention's output.
Found search_output(const AttentionRows& rows, int bits, const CorrelationSettings& settings);

}  // namespace vitq
