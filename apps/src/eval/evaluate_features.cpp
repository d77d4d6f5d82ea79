// SPDX-License-Identifier: Apache-2.0
#include "eval/evaluate_features.h"

#include <numeric>

#include "common/args.h"
#include "common/table.h"
#include "eval/load_model.h"
#include "eval/wilson.h"
#include "vitq/comparison_json.h"

namespace vitq::apps {

namespace {

double rate(const FeatureRows& rows) {
  return static_cast<double>(rows.count()) / rows.seconds;
}

double mean_cosine(const FeatureComparison& comparison) {
  const std::vector<double>& all = comparison.cosines;
  return std::accumulate(all.begin(), all.end(), 0.0) / static_cast<double>(all.size());
}

Json comparison_json(const FeatureReport& report) {
  const FeatureComparison& c = *report.comparison;
  Json json = Json::object();
  json.set("model", report.against);
  json.set_all(vitq::to_json(c));
  if (report.neighbours) {
    json.set("knn_top1", percentage(report.reference_right, report.images));
    json.set("right", report.reference_right);
  }
  if (report.each) json.set("cosine_of_each", Json::array(c.cosines));
  return json;
}

void add_comparison(Table& table, const FeatureReport& report) {
  const FeatureComparison& c = *report.comparison;
  const std::optional<double> snr = decibels(c.reference_energy, c.error_energy);
  table.add({"", ""});
  table.add({"against", report.against});
  if (report.neighbours) {
    table.add({"its top-1", share_text(report.reference_right, report.images)});
  }
  table.add({"feature SNR", snr ? fixed(*snr, 2) + " dB" : "the features are the same"});
  table.add({"mean cosine", fixed(mean_cosine(c), 6)});
  if (c.same_neighbour) {
    table.add({"same nearest image", share_text(*c.same_neighbour, report.images)});
  }
}

}  // namespace

void require_question(const EvalJob& job) {
  if (job.neighbours || !job.against.empty()) return;
  throw UsageError(
      "this model gives features: --knn K counts what is right by nearest neighbours, --against "
      "compares with another model");
}

FeatureReport evaluate_features(const EvalJob& job, const Model& model,
                                std::span<const LabelledImage> images, const EvaluateOptions& how) {
  FeaturePair pair;
  if (job.against.empty()) {
    pair.model = features_of(model, images, how);
  } else {
    pair = features_of(model, load_model(job.against, job), images, how);
  }
  const int threads = job.session.threads;
  FeatureReport report = {.model = job.model, .against = job.against};
  report.images = static_cast<std::int64_t>(pair.model.count());
  report.images_per_second = rate(pair.model);
  report.each = job.each;
  report.neighbours = job.neighbours;
  if (job.neighbours) report.right = right_by_neighbours(pair.model, *job.neighbours, threads);
  if (job.against.empty()) return report;
  if (job.neighbours) {
    report.reference_right = right_by_neighbours(pair.reference, *job.neighbours, threads);
  }
  report.comparison = compare_features(pair.reference, pair.model, threads);
  return report;
}

std::string to_text(const FeatureReport& report) {
  Table table({"images", std::to_string(report.images)});
  if (report.neighbours) {
    table.add({"neighbours", std::to_string(*report.neighbours) + ", each image among the others"});
    table.add({"top-1", share_text(report.right, report.images)});
  }
  table.add({"images per second", fixed(report.images_per_second, 1)});
  if (report.comparison) add_comparison(table, report);
  return table.str();
}

Json to_json(const FeatureReport& report) {
  Json json = Json::object();
  json.set("model", report.model).set("images", report.images);
  if (report.neighbours) {
    json.set("neighbours", static_cast<std::int64_t>(*report.neighbours));
    json.set("knn_top1", percentage(report.right, report.images)).set("right", report.right);
  }
  json.set("images_per_second", report.images_per_second);
  if (report.comparison) json.set("against", comparison_json(report));
  return json;
}

}  // namespace vitq::apps
