// SPDX-License-Identifier: Apache-2.0
#include "eval/report.h"

#include "common/table.h"
#include "eval/wilson.h"
#include "vitq/comparison_json.h"

namespace vitq::apps {

namespace {

double rate(const Accuracy& a) {
  return static_cast<double>(a.images) / a.seconds;
}

double mean_divergence(const Comparison& c) {
  return c.divergence / static_cast<double>(c.images);
}

void add_comparison(Table& table, const Evaluation& evaluation) {
  const Comparison& c = evaluation.comparison;
  const std::optional<double> snr = decibels(c.reference_energy, c.error_energy);
  table.add({"", ""});
  table.add({"against", evaluation.against});
  if (evaluation.labelled) {
    table.add({"its top-1", share_text(evaluation.reference.right, c.images)});
    table.add({"lost / won", std::to_string(c.lost) + " / " + std::to_string(c.won) +
                                 "  (McNemar p " + fixed(mcnemar_p(c.lost, c.won), 4) + ")"});
  }
  table.add({"agreement", share_text(c.agreeing, c.images)});
  table.add({"logit SNR", snr ? fixed(*snr, 2) + " dB" : "the logits are the same"});
  table.add({"mean KL", fixed(mean_divergence(c), 6) + " nats"});
  table.add({"its images per second", fixed(rate(evaluation.reference), 1)});
}

Json comparison_json(const Evaluation& evaluation) {
  const Comparison& c = evaluation.comparison;
  Json json = Json::object();
  json.set("model", evaluation.against);
  const ModelComparison pair = {evaluation.accuracy, evaluation.reference, c};
  json.set_all(vitq::to_json(pair, evaluation.labelled));
  json.set("images_per_second", rate(evaluation.reference));
  if (evaluation.each) json.set("kl_of_each", Json::array(c.divergences));
  return json;
}

}  // namespace

std::string to_text(const Evaluation& evaluation) {
  const Accuracy& a = evaluation.accuracy;
  Table table({"images", std::to_string(a.images)});
  if (evaluation.labelled) {
    table.add({"top-1", share_text(a.right, a.images)});
    table.add({"top-5", share_text(a.right_of5, a.images)});
  }
  table.add({"images per second", fixed(rate(a), 1)});
  if (!evaluation.against.empty()) add_comparison(table, evaluation);
  return table.str();
}

Json to_json(const Evaluation& evaluation) {
  const Accuracy& a = evaluation.accuracy;
  Json json = Json::object();
  json.set("model", evaluation.model).set("images", a.images);
  if (evaluation.labelled) {
    const Interval interval = wilson(a.right, a.images);
    Json range = Json::array();
    range.push(100.0 * interval.low).push(100.0 * interval.high);
    json.set("top1", percentage(a.right, a.images)).set("top5", percentage(a.right_of5, a.images));
    json.set("top1_interval", std::move(range)).set("right", a.right);
  }
  json.set("images_per_second", rate(a));
  if (!evaluation.against.empty()) json.set("against", comparison_json(evaluation));
  return json;
}

}  // namespace vitq::apps
