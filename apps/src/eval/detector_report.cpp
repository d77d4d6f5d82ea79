// SPDX-License-Identifier: Apache-2.0
#include "eval/detector_report.h"

#include "common/table.h"
#include "eval/wilson.h"
#include "vitq/comparison_json.h"

namespace vitq::apps {

namespace {

// Of each query.
double mean_divergence(const DetectorComparison& c) {
  return c.divergence / static_cast<double>(c.queries);
}

// Of each number of a box, as a share of the image.
double mean_box_error(const DetectorComparison& c) {
  return c.box_error / static_cast<double>(4 * c.queries);
}

double rate(const DetectorComparison& c, double seconds) {
  return static_cast<double>(c.images) / seconds;
}

std::string found_text(const DetectorComparison& c) {
  const std::string further = std::to_string(c.further) + " more";
  if (c.objects == 0) return "it finds none; " + further;
  return std::to_string(c.found) + " of " + std::to_string(c.objects) + "; " + further;
}

}  // namespace

std::string to_text(const DetectorReport& report) {
  const DetectorComparison& c = report.comparison;
  const std::optional<double> snr = decibels(c.reference_energy, c.error_energy);
  Table table({"images", std::to_string(c.images)});
  table.add({"images per second", fixed(rate(c, c.seconds), 1)});
  table.add({"", ""});
  table.add({"against", report.against});
  table.add({"its objects found", found_text(c)});
  table.add({"agreement of queries", share_text(c.agreeing, c.queries)});
  table.add({"logit SNR", snr ? fixed(*snr, 2) + " dB" : "the logits are the same"});
  table.add({"mean KL", fixed(mean_divergence(c), 6) + " nats a query"});
  table.add({"mean box error", fixed(100.0 * mean_box_error(c), 3) + " % of the image"});
  table.add({"its images per second", fixed(rate(c, c.reference_seconds), 1)});
  return table.str();
}

Json to_json(const DetectorReport& report) {
  const DetectorComparison& c = report.comparison;
  Json against = Json::object();
  against.set("model", report.against);
  against.set_all(vitq::to_json(c));
  against.set("images_per_second", rate(c, c.reference_seconds));
  if (report.each) against.set("kl_of_each", Json::array(c.divergences));
  Json json = Json::object();
  json.set("model", report.model).set("images", c.images);
  json.set("images_per_second", rate(c, c.seconds));
  return json.set("against", std::move(against));
}

}  // namespace vitq::apps
