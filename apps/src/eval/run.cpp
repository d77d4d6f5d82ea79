// SPDX-License-Identifier: Apache-2.0
#include "eval/run.h"

#include <iostream>
#include <optional>

#include "common/args.h"
#include "common/find_model.h"
#include "common/progress.h"
#include "common/range_check.h"
#include "eval/evaluate_detection.h"
#include "eval/labelled_images.h"
#include "eval/report.h"

namespace vitq::apps {

namespace {

std::vector<LabelledImage> find_images(const EvalJob& job, const Model& model) {
  const std::int64_t classes = class_count(model);
  std::vector<LabelledImage> images;
  if (job.labels.empty() && !job.against.empty()) {
    images = find_unlabelled(job.images);
  }
  if (!job.labels.empty()) {
    images = read_label_list(job.labels, job.images, classes);
  } else if (images.empty()) {
    ClassFolders found = find_class_folders(job.images, model.info(), classes);
    std::cerr << "vit_eval: class folders matched " << found.matching << '\n';
    images = std::move(found.images);
  }
  return job.limit == 0 ? images : spread(images, job.limit);
}

Model load(const std::string& path, const EvalJob& job) {
  Model model = Model::load(find_model(path), {.session = job.session, .lower = {}});
  if (!job.preprocessor.empty()) {
    return model.with_preprocess(
        preprocess_from_huggingface(Json::read(job.preprocessor), model.info().family));
  }
  return model;
}

DetectionReport evaluate_detector(const EvalJob& job) {
  const CocoTruth all = read_coco_truth(job.coco);
  Model model = load(job.model, job);
  DetectionReport report = evaluate_detection(model, job.limit == 0 ? all : spread(all, job.limit),
                                              job.images, job.image_limits);
  report.model = job.model;
  return report;
}

Evaluation evaluate_classifier(const EvalJob& job) {
  Model model = load(job.model, job);
  const std::vector<LabelledImage> images = find_images(job, model);
  EvaluateOptions how = {
      .batch = job.batch, .threads = job.session.threads, .image_limits = job.image_limits};
  std::optional<RangeCheck> check;
  if (job.check_range) {
    check.emplace(find_model(job.model), job.session);
    how.watch = [&check](const Tensor& input) { check->add(input); };
  }
  Progress progress(images.size(), "images");
  how.progress = [&progress](std::int64_t n) { progress.advance(static_cast<std::size_t>(n)); };
  Evaluation result = {.model = job.model, .against = job.against};
  result.each = job.each;
  result.labelled = images.front().label != kNoLabel;
  if (job.against.empty()) {
    result.accuracy = evaluate(model, images, how);
  } else {
    Model reference = load(job.against, job);
    const ModelComparison pair = compare_models(model, reference, images, how);
    result.accuracy = pair.model;
    result.reference = pair.reference;
    result.comparison = pair.comparison;
  }
  if (check) std::cerr << check->report();
  return result;
}

}  // namespace

int run(const EvalJob& job) {
  const auto print = [&job](const auto& result) {
    std::cout << (job.format == "json" ? to_json(result).dump(2) + "\n" : to_text(result));
  };
  if (job.coco.empty()) {
    print(evaluate_classifier(job));
  } else {
    print(evaluate_detector(job));
  }
  return kOk;
}

}  // namespace vitq::apps
