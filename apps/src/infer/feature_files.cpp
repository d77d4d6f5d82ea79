// SPDX-License-Identifier: Apache-2.0
#include "infer/feature_files.h"

#include "common/output.h"
#include "draw/component_map.h"

namespace vitq::apps {

FeatureFiles::FeatureFiles(const FeatureJob& job, Overwrite overwrite)
    : job_(job), overwrite_(overwrite) {
  if (!job.features.empty()) features_.emplace(job.features, overwrite);
  if (!job.tokens.empty()) tokens_.emplace(job.tokens, overwrite);
  if (!job.pca.empty()) require_free(job.pca, overwrite);
}

void FeatureFiles::add(std::span<const Tensor> outputs) {
  if (features_) features_->add(outputs[0]);
  if (tokens_) tokens_->add(outputs[1]);
  if (!job_.pca.empty()) last_tokens_ = outputs[1];
}

void FeatureFiles::finish() const {
  if (features_) features_->finish();
  if (tokens_) tokens_->finish();
}

void FeatureFiles::draw(const Image& image, const Preprocess& preprocess) const {
  write_png(job_.pca, component_map(last_tokens_, image, preprocess), overwrite_);
}

}  // namespace vitq::apps
