// SPDX-License-Identifier: Apache-2.0
#include "vitq/comparison_json.h"

#include <numeric>

namespace vitq {

namespace {

template <typename Sums>
Json snr_json(const Sums& sums) {
  const std::optional<double> snr = decibels(sums.reference_energy, sums.error_energy);
  return snr ? Json(*snr) : Json();
}

template <typename Sums>
void set_energies(Json& json, const Sums& sums) {
  json.set("reference_energy", sums.reference_energy).set("error_energy", sums.error_energy);
}

}  // namespace

double percentage(std::int64_t part, std::int64_t of) {
  return 100.0 * static_cast<double>(part) / static_cast<double>(of);
}

Json to_json(const ModelComparison& pair, bool labelled) {
  const Comparison& c = pair.comparison;
  Json json = Json::object();
  Json sums = Json::object();
  if (labelled) {
    json.set("top1", percentage(pair.reference.right, c.images));
    json.set("lost", c.lost).set("won", c.won).set("mcnemar_p", mcnemar_p(c.lost, c.won));
    sums.set("right", pair.reference.right);
  }
  json.set("agreement", percentage(c.agreeing, c.images)).set("logit_snr_db", snr_json(c));
  json.set("kl", c.divergence / static_cast<double>(c.images));
  sums.set("agreeing", c.agreeing);
  set_energies(sums, c);
  return json.set("sums", std::move(sums.set("kl", c.divergence)));
}

Json to_json(const DetectorComparison& c) {
  const auto queries = static_cast<double>(c.queries);
  Json json = Json::object();
  json.set("objects", c.objects).set("found", c.found).set("further", c.further);
  json.set("agreement", percentage(c.agreeing, c.queries)).set("logit_snr_db", snr_json(c));
  json.set("kl", c.divergence / queries).set("box_error", c.box_error / (4.0 * queries));
  Json sums = Json::object();
  sums.set("queries", c.queries).set("agreeing", c.agreeing);
  set_energies(sums, c);
  sums.set("kl", c.divergence).set("box_error", c.box_error);
  return json.set("sums", std::move(sums));
}

Json to_json(const FeatureComparison& c) {
  const auto images = static_cast<std::int64_t>(c.cosines.size());
  const double sum = std::accumulate(c.cosines.begin(), c.cosines.end(), 0.0);
  Json json = Json::object();
  json.set("feature_snr_db", snr_json(c)).set("mean_cosine", sum / static_cast<double>(images));
  if (c.same_neighbour) json.set("neighbour_agreement", percentage(*c.same_neighbour, images));
  Json sums = Json::object();
  set_energies(sums, c);
  return json.set("sums", std::move(sums));
}

}  // namespace vitq
