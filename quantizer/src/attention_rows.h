// SPDX-License-Identifier: Apache-2.0
// What searches look at in an attention: some rows of queries of some images, drawn with a seed,
// and the probabilities of all.
#pragma once

#include <cstdint>

#include "correlation.h"
#include "vitq/layer_data.h"
#include "vitq/layer_draft.h"

namespace vitq {

struct AttentionSampling {
  std::int64_t tokens = 1024;  // over all images
  std::int64_t images = 32;    // at most, evenly among all
};

// Equally many rows of each image, without repetition; the greatest magnitudes are those of all.
AttentionRows attention_rows(const AttentionDraft& attention, const AttentionData& data,
                             const AttentionSampling& sampling);

// softmax(scale * query key^T), [rows, keys], in float.
Matrix attention_probabilities(const Matrix& query, const Matrix& key, float scale);
// The same for every head of an image, all rows.
std::vector<Matrix> probabilities(const AttentionSample& sample, float scale);

}  // namespace vitq
