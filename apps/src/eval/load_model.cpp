// SPDX-License-Identifier: Apache-2.0
#include "eval/load_model.h"

#include "common/find_model.h"

namespace vitq::apps {

Model load_model(const std::string& name, const EvalJob& job) {
  Model model = Model::load(find_model(name), {.session = job.session, .lower = {}});
  if (job.preprocessor.empty()) return model;
  return model.with_preprocess(
      preprocess_from_huggingface(Json::read(job.preprocessor), model.info().family));
}

}  // namespace vitq::apps
