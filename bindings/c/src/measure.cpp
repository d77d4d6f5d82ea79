// SPDX-License-Identifier: Apache-2.0
// Models are measured on images: by themselves, and against another.
#include "ask.h"
#include "paths.h"
#include "vitq/comparison_json.h"

namespace vitq::c {

namespace {

constexpr std::int64_t kUsualBatch = 8;

// The images, how they are shown, and those that could not be.
class Measurement {
 public:
  Measurement(const Model& model, const char* const* images, std::size_t count,
              const vitq_measure_options* given)
      : labelled_(given != nullptr && known_part(given, "options").labels != nullptr) {
    const vitq_measure_options options = known_part(given, "options");
    require_not_negative(options.batch, "options->batch");
    require_not_negative(options.threads, "options->threads");
    for (std::filesystem::path& path : paths_of(images, count)) {
      images_.push_back({std::move(path), kNoLabel});
    }
    if (labelled_) set_labels(options.labels, class_count(model));
    how_.batch = options.batch == 0 ? kUsualBatch : options.batch;
    how_.threads = options.threads == 0 ? default_threads() : options.threads;
    if (options.keep_going == 0) return;
    how_.failed = [this](const LabelledImage& image, const Error& reason) {
      Json failed = Json::object();
      failed.set("path", image.path.string()).set("error", reason.what());
      failed_.push(std::move(failed));
    };
  }
  Measurement(const Measurement&) = delete;
  Measurement& operator=(const Measurement&) = delete;

  bool labelled() const { return labelled_; }
  std::span<const LabelledImage> images() const { return images_; }
  const EvaluateOptions& how() const { return how_; }
  const Json& failed() const { return failed_; }

 private:
  void set_labels(const std::int64_t* labels, std::int64_t classes) {
    for (std::size_t i = 0; i < images_.size(); ++i) {
      if (labels[i] < kNoLabel || labels[i] >= classes) {
        throw ArgumentError("options->labels[" + std::to_string(i) + "] is " +
                            std::to_string(labels[i]) + ", expected a class from 0 to " +
                            std::to_string(classes - 1) + ", or -1");
      }
      images_[i].label = labels[i];
    }
  }

  bool labelled_;
  std::vector<LabelledImage> images_;
  EvaluateOptions how_;
  Json failed_ = Json::array();
};

void add_counts(Json& json, const Accuracy& accuracy) {
  json.set("right", accuracy.right).set("right_of5", accuracy.right_of5);
}

// Puts what is said of a comparison beside the number of images. Of none there are no shares.
template <typename Figures>
Json with_figures(std::int64_t images, const Figures& figures) {
  Json json = Json::object();
  json.set("images", images);
  if (images > 0) json.set_all(figures());
  return json;
}

Json compare_classifiers(const Model& model, const Model& reference, const Measurement& work) {
  const ModelComparison pair = compare_models(model, reference, work.images(), work.how());
  return with_figures(pair.comparison.images, [&] {
    Json json = to_json(pair, work.labelled());
    if (work.labelled()) add_counts(json, pair.model);
    return std::move(json.set("kl_of_each", Json::array(pair.comparison.divergences)));
  });
}

Json compare_objects(const Model& model, const Model& reference, const Measurement& work) {
  const DetectorComparison found = compare_detectors(model, reference, work.images(), work.how());
  return with_figures(found.images, [&] {
    return std::move(to_json(found).set("kl_of_each", Json::array(found.divergences)));
  });
}

Json compare_towers(const Model& model, const Model& reference, const Measurement& work) {
  const FeaturePair pair = features_of(model, reference, work.images(), work.how());
  return with_figures(static_cast<std::int64_t>(pair.model.count()), [&] {
    const FeatureComparison found =
        compare_features(pair.reference, pair.model, work.how().threads);
    return std::move(to_json(found).set("cosine_of_each", Json::array(found.cosines)));
  });
}

Json compare(const Model& model, const Model& reference, const Measurement& work) {
  switch (model.task()) {
    case Task::kClassification: return compare_classifiers(model, reference, work);
    case Task::kDetection: return compare_objects(model, reference, work);
    case Task::kFeatures: break;
  }
  return compare_towers(model, reference, work);
}

}  // namespace

}  // namespace vitq::c

vitq_status vitq_evaluate(vitq_model model, const char* const* images, size_t count,
                          const vitq_measure_options* options, vitq_result* result) {
  return vitq::c::ask(model, result, [&](const vitq::Model& network, vitq::c::Result& found) {
    const vitq::c::Measurement work(network, images, count, options);
    const vitq::Accuracy accuracy = vitq::evaluate(network, work.images(), work.how());
    vitq::Json json = vitq::Json::object();
    vitq::c::add_counts(json.set("images", accuracy.images), accuracy);
    found.set(json.set("failed", work.failed()));
  });
}

// NOLINTNEXTLINE(readability-function-size): a list of C is two parameters, and so is an answer
vitq_status vitq_compare(vitq_model model, vitq_model reference, const char* const* images,
                         size_t count, const vitq_measure_options* options, vitq_result* result) {
  return vitq::c::ask(model, result, [&](const vitq::Model& network, vitq::c::Result& found) {
    const auto other = vitq::c::open_model(reference);
    const vitq::c::Measurement work(network, images, count, options);
    vitq::Json json = vitq::c::compare(network, other->model, work);
    found.set(json.set("failed", work.failed()));
  });
}
