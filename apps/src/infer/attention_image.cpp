// SPDX-License-Identifier: Apache-2.0
#include "infer/attention_image.h"

#include "common/args.h"
#include "infer/query_attention.h"

namespace vitq::apps {

namespace {

// Wanted are the objects that were found, or what one query finds, however improbable it is.
std::vector<Detection> wanted_objects(const InferJob& job, const Model& model,
                                      const ModelInfo& info, const Image& image,
                                      const Tensor& input) {
  const std::optional<std::int64_t> query = job.attention.query;
  const std::vector<Tensor> outputs = model.run(input);
  if (query) {
    require_index(static_cast<std::size_t>(*query), static_cast<std::size_t>(outputs[1].shape()[1]),
                  "query");
  }
  const float threshold = query ? 0.0F : job.threshold.value_or(kUsualThreshold);
  std::vector<Detection> objects = detections(outputs[0].as<float>(), outputs[1].as<float>(), info,
                                              {image.width, image.height}, threshold);
  if (query) std::erase_if(objects, [&](const Detection& o) { return o.query != *query; });
  if (!objects.empty()) return objects;
  throw UsageError(
      "no object was found whose attention could be drawn; --threshold takes less "
      "probable ones, --query any query");
}

}  // namespace

Image attention_image(const InferJob& job, const Model& model, const ModelInfo& info,
                      const Image& image) {
  const Model observed = observe_attention(model);
  const Tensor input = observed.prepare({&image, 1});
  if (model.task() == Task::kDetection) {
    return attention_of_objects(observed, image, job.attention,
                                wanted_objects(job, model, info, image, input));
  }
  return heat_map(attention_of(observed, input, job.attention), image, observed.info().preprocess);
}

}  // namespace vitq::apps
