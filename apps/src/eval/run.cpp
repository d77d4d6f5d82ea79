// SPDX-License-Identifier: Apache-2.0
#include "eval/run.h"

#include <iostream>
#include <optional>

#include "common/args.h"
#include "common/failures.h"
#include "common/find_model.h"
#include "common/progress.h"
#include "common/range_check.h"
#include "eval/detection_report.h"
#include "eval/detector_report.h"
#include "eval/evaluate_features.h"
#include "eval/labelled_images.h"
#include "eval/load_model.h"
#include "eval/report.h"

namespace vitq::apps {

namespace {

// Which classes the images may have, and what those are called.
struct ClassNames {
  std::int64_t count;
  std::vector<LabelColumns> names;
};

// Names of the classes come from a file, or else from the model.
ClassNames classes_of(const EvalJob& job, const Model& model) {
  ClassNames classes = {class_count(model), {}};
  if (!job.classes.empty()) {
    classes.names = read_label_columns(job.classes, classes.count);
  } else {
    for (const std::string& label : model.info().labels) classes.names.push_back({label});
  }
  return classes;
}

// A network of features knows no classes: those of a list are any numbers, and each folder is one.
ClassNames classes_of_features(const EvalJob& job) {
  constexpr std::int64_t kMostIds = 1'000'000;
  if (!job.classes.empty()) {
    throw UsageError("--classes is for models that name classes; this model gives features");
  }
  if (!job.labels.empty()) return {kMostIds, {}};
  LeftOut left_out;
  const std::size_t folders = folders_in(job.images, left_out).size();
  if (folders == 0 && job.neighbours) {
    throw UsageError("--knn takes labels: --labels FILE, or a folder for each class");
  }
  return {static_cast<std::int64_t>(folders), {}};
}

// What only models that name an image's class take.
void require_no_labels(const EvalJob& job) {
  for (const auto& [given, name] : {std::pair{!job.labels.empty(), "--labels"},
                                    {job.neighbours.has_value(), "--knn"},
                                    {!job.classes.empty(), "--classes"}}) {
    if (!given) continue;
    throw UsageError(std::string(name) + " is not for models that detect objects without --coco");
  }
}

std::vector<LabelledImage> limited(std::span<const LabelledImage> images, const EvalJob& job) {
  return spread(images, job.limit == 0 ? images.size() : job.limit);
}

std::vector<LabelledImage> find_images(const EvalJob& job, const ClassNames& classes) {
  std::vector<LabelledImage> images;
  LeftOut left_out;
  if (job.labels.empty() && !job.against.empty()) {
    images = find_unlabelled(job.images, left_out);
  }
  if (!job.labels.empty()) {
    images = read_label_list(job.labels, job.images, classes.count, job.keep_going);
  } else if (images.empty()) {
    ClassFolders found = find_class_folders(job.images, classes.names, classes.count, left_out);
    std::cerr << "vit_eval: class folders matched " << found.matching << '\n';
    images = std::move(found.images);
  }
  tell(left_out, "vit_eval");
  return limited(images, job);
}

AnnotatedReport evaluate_detector(const EvalJob& job, const Model& model, Failures& failures) {
  const CocoTruth all = read_coco_truth(job.coco);
  if (all.zero_id) {
    std::cerr
        << "vit_eval: an annotation has the id 0: pycocotools counts a match with it as none, "
           "vit_eval as one\n";
  }
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
  const DetectOptions options = {
      .folder = job.images, .limits = job.image_limits, .threads = job.session.threads};
  AnnotatedReport report =
      evaluate_detection(model, part, match, options, job.keep_going ? &failures : nullptr);
  report.model = job.model;
  return report;
}

// Calls evaluate(how), where `how` tells of progress, failures and ranges as the job asks for it.
template <typename Evaluate>
auto watched(const EvalJob& job, std::size_t images, Failures& failures, const Evaluate& evaluate) {
  EvaluateOptions how = {
      .batch = job.batch, .threads = job.session.threads, .image_limits = job.image_limits};
  std::optional<RangeCheck> check;
  if (job.check_range) {
    check.emplace(find_model(job.model), job.session);
    how.watch = [&check](const Tensor& input) { check->add(input); };
  }
  Progress progress(images, "images");
  how.progress = [&progress](std::int64_t n) { progress.advance(static_cast<std::size_t>(n)); };
  if (job.keep_going) {
    how.failed = [&failures](const LabelledImage&, const Error& e) { failures.add(e); };
  }
  auto result = evaluate(how);
  if (check) std::cerr << check->report();
  return result;
}

Evaluation evaluate_classifier(const EvalJob& job, const Model& model, Failures& failures) {
  if (job.neighbours) {
    throw UsageError("--knn is for models that give features; this one names classes");
  }
  const std::vector<LabelledImage> images = find_images(job, classes_of(job, model));
  return watched(job, images.size(), failures, [&](const EvaluateOptions& how) {
    Evaluation result = {.model = job.model, .against = job.against};
    result.each = job.each;
    result.labelled = images.front().label != kNoLabel;
    if (job.against.empty()) {
      result.accuracy = evaluate(model, images, how);
      return result;
    }
    const ModelComparison pair = compare_models(model, load_model(job.against, job), images, how);
    result.accuracy = pair.model;
    result.reference = pair.reference;
    result.comparison = pair.comparison;
    return result;
  });
}

DetectorReport compare_detector(const EvalJob& job, const Model& model, Failures& failures) {
  if (job.against.empty()) {
    throw UsageError(
        "this model detects objects: --coco FILE counts what is right, --against compares with "
        "another model");
  }
  require_no_labels(job);
  LeftOut left_out;
  const std::vector<LabelledImage> found = all_images(job.images, left_out);
  tell(left_out, "vit_eval");
  const std::vector<LabelledImage> images = limited(found, job);
  return watched(job, images.size(), failures, [&](const EvaluateOptions& how) {
    return DetectorReport{
        .model = job.model,
        .against = job.against,
        .each = job.each,
        .comparison = compare_detectors(model, load_model(job.against, job), images, how)};
  });
}

FeatureReport report_features(const EvalJob& job, const Model& model, Failures& failures) {
  require_question(job);
  const std::vector<LabelledImage> images = find_images(job, classes_of_features(job));
  return watched(job, images.size(), failures, [&](const EvaluateOptions& how) {
    return evaluate_features(job, model, images, how);
  });
}

}  // namespace

int run(const EvalJob& job) {
  Failures failures;
  std::int64_t images = 0;
  // Of no images there are no shares.
  const auto print = [&](std::int64_t count, const auto& result) {
    images = count;
    if (images == 0) return;
    std::cout << (job.format == "json" ? to_json(result).dump(2) + "\n" : to_text(result));
  };
  if (const Model model = load_model(job.model, job); !job.coco.empty()) {
    const AnnotatedReport report = evaluate_detector(job, model, failures);
    print(static_cast<std::int64_t>(report.found.images), report);
  } else if (model.task() == Task::kDetection) {
    const DetectorReport report = compare_detector(job, model, failures);
    print(report.comparison.images, report);
  } else if (model.task() == Task::kFeatures) {
    const FeatureReport report = report_features(job, model, failures);
    print(report.images, report);
  } else {
    const Evaluation result = evaluate_classifier(job, model, failures);
    print(result.accuracy.images, result);
  }
  return failures.tell("vit_eval", static_cast<std::size_t>(images) + failures.count());
}

}  // namespace vitq::apps
