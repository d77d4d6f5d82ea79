// SPDX-License-Identifier: Apache-2.0
// One run of vit_infer: images or a tensor in, answers out.
//
// Images are read and answered in batches, by several threads. The answers are written in the order
// of the images. What is made of the whole run is written at the end.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/output.h"
#include "common/range_check.h"
#include "infer/answer_writer.h"
#include "infer/answerer.h"
#include "infer/dump.h"
#include "infer/feature_files.h"
#include "infer/options.h"
#include "infer/png_files.h"

namespace vitq::apps {

class Pipeline {
 public:
  // Loads the model. Nothing is written yet, but what could not be written is refused.
  Pipeline(const InferJob& job, const std::filesystem::path& model);

  // Both answer the exit code: whether some image failed. They throw at the first failure unless
  // the job is to keep going.
  int run_images(const std::vector<std::string>& inputs);
  int run_tensor();
  std::string explain();

 private:
  void keep(const NetworkRun& run);
  void write(const Batch& batch);
  int finish();

  const InferJob& job_;
  Output output_;
  Model model_;
  ModelInfo info_;
  AnswerWriter writer_;
  bool draws_;  // an image at the end
  std::optional<Dump> dump_;
  std::optional<FeatureFiles> features_;
  std::optional<RangeCheck> check_;
  std::optional<PngFiles> annotations_;
  bool failed_ = false;
  Image last_image_;   // for the image of attention, or of components
  Tensor last_input_;  // for the profile
};

}  // namespace vitq::apps
