// SPDX-License-Identifier: Apache-2.0
#include "infer/run.h"

#include <iostream>

#include "common/args.h"
#include "common/find_model.h"
#include "common/image_inputs.h"
#include "infer/pipeline.h"

namespace vitq::apps {

int run(const InferJob& job) {
  require_sense(job);
  LeftOut left_out;
  const std::vector<std::string> images =
      expand_inputs(job.images, job.recursive ? Below::kTaken : Below::kLeftOut, left_out);
  tell(left_out, "vit_infer");
  if (!job.attention.output.empty() && images.size() != 1) {
    throw UsageError("--attention takes exactly one image, not " + std::to_string(images.size()));
  }
  if (!job.features.pca.empty() && images.size() != 1) {
    throw UsageError("--pca takes exactly one image, not " + std::to_string(images.size()));
  }
  Pipeline pipeline(job, find_model(job.model));
  if (job.explain) {
    const bool alone = images.empty() && job.tensor.empty();
    (alone ? std::cout : std::cerr) << pipeline.explain() << (alone ? "" : "\n");
    if (alone) return kOk;
  }
  return images.empty() ? pipeline.run_tensor() : pipeline.run_images(images);
}

}  // namespace vitq::apps
