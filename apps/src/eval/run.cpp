// SPDX-License-Identifier: Apache-2.0
#include "eval/run.h"

#include <iostream>
#include <optional>

#include "common/args.h"
#include "common/failures.h"
#include "common/find_model.h"
#include "common/progress.h"
#include "common/range_check.h"
#include "eval/evaluate_detection.h"
#include "eval/labelled_images.h"
#include "eval/report.h"

namespace vitq::apps {

namespace {

// Names of the classes come from a file, or else from the model.
std::vector<LabelColumns> class_names(const EvalJob& job, const ModelInfo& info) {
  if (!job.classes.empty()) return read_label_columns(job.classes, class_count(info));
  std::vector<LabelColumns> names;
  for (const std::string& label : info.labels) names.push_back({label});
  return names;
}

std::vector<LabelledImage> find_images(const EvalJob& job, const Model& model) {
  const std::int64_t classes = class_count(model);
  std::vector<LabelledImage> images;
  LeftOut left_out;
  if (job.labels.empty() && !job.against.empty()) {
    images = find_unlabelled(job.images, left_out);
  }
  if (!job.labels.empty()) {
    images = read_label_list(job.labels, job.images, classes, job.keep_going);
  } else if (images.empty()) {
    ClassFolders found =
        find_class_folders(job.images, class_names(job, model.info()), classes, left_out);
    std::cerr << "vit_eval: class folders matched " << found.matching << '\n';
    images = std::move(found.images);
  }
  left_out.tell("vit_eval");
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

DetectionReport evaluate_detector(const EvalJob& job, Failures& failures) {
  const CocoTruth all = read_coco_truth(job.coco);
  if (all.zero_id) {
    std::cerr
        << "vit_eval: an annotation has the id 0: pycocotools counts a match with it as none, "
           "vit_eval as one\n";
  }
  const Model model = load(job.model, job);
  const std::vector<std::string> names = job.classes.empty()
                                             ? model.info().labels
                                             : read_labels(job.classes, class_count(model.info()));
  const CategoryMatch match = match_categories(names, class_count(model.info()), all);
  require_matched(match, job.ignore_unmatched);
  if (!match.unmatched.empty()) {
    std::cerr << "vit_eval: left out categories: " << match.unmatched_text << '\n';
  }
  const CocoTruth known = without(all, match.unmatched);
  const CocoTruth part = job.limit == 0 ? known : spread(known, job.limit);
  DetectionReport report = evaluate_detection(model, part, match, {job.images, job.image_limits},
                                              job.keep_going ? &failures : nullptr);
  report.model = job.model;
  return report;
}

Evaluation evaluate_classifier(const EvalJob& job, Failures& failures) {
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
  if (job.keep_going) {
    how.failed = [&failures](const LabelledImage&, const Error& e) { failures.add(e); };
  }
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
  Failures failures;
  // Of no images there are no shares.
  const auto print = [&job](std::int64_t images, const auto& result) {
    if (images == 0) return;
    std::cout << (job.format == "json" ? to_json(result).dump(2) + "\n" : to_text(result));
  };
  std::int64_t images = 0;
  if (job.coco.empty()) {
    const Evaluation result = evaluate_classifier(job, failures);
    images = result.accuracy.images;
    print(images, result);
  } else {
    const DetectionReport report = evaluate_detector(job, failures);
    images = static_cast<std::int64_t>(report.images);
    print(images, report);
  }
  return failures.tell("vit_eval", static_cast<std::size_t>(images) + failures.count());
}

}  // namespace vitq::apps
