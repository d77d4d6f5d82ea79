// SPDX-License-Identifier: Apache-2.0
// Comparisons of models in JSON: shares in percent, means, and under "sums" what pools of several
// sets of images add up.
#pragma once

#include <cstdint>

#include "vitq/compare_detectors.h"
#include "vitq/compare_features.h"
#include "vitq/compare_models.h"
#include "vitq/json.h"

namespace vitq {

// 100 for all.
double percentage(std::int64_t part, std::int64_t of);

// "agreement", "logit_snr_db" (null where the logits are the same) and "kl" in nats; with labels
// also "top1" (the reference's), "lost", "won" and "mcnemar_p".
Json to_json(const ModelComparison& pair, bool labelled);

// "objects" (the reference's), "found", "further", "agreement" of queries, "logit_snr_db", "kl" of
// a query, and "box_error" as a share of the image.
Json to_json(const DetectorComparison& comparison);

// "feature_snr_db", "mean_cosine", and of two images and more "neighbour_agreement".
Json to_json(const FeatureComparison& comparison);

}  // namespace vitq
