// SPDX-License-Identifier: Apache-2.0
#include "infer/query_attention.h"

#include <algorithm>

#include "draw/annotate.h"
#include "vitq/error.h"
#include "vitq/trace.h"

namespace vitq::apps {

namespace {

// Each weight becomes the larger of both, the row relative to its largest.
void join(std::vector<double>& weights, std::span<const double> row) {
  const double largest = std::max(*std::ranges::max_element(row), 1e-30);
  for (std::size_t i = 0; i < row.size(); ++i) {
    weights[i] = std::max(weights[i], row[i] / largest);
  }
}

}  // namespace

PatchWeights attention_of_queries(const Model& model, const Tensor& input, const AttentionJob& job,
                                  std::span<const std::int64_t> queries) {
  // Where the features lie depends on the size of the image.
  const Graph graph = trace(model.info(), input.shape());
  const std::vector<Site> sites = cross_attention_sites(graph);
  if (job.layer) require_index(*job.layer, sites.size(), "decoder layer");
  const Site site = job.layer ? sites[*job.layer] : sites.back();
  AttentionMatrix attention;
  std::size_t count = 0;  // of queries
  model.session(input.shape()).run({&input, 1}, {&site, 1}, [&](Site, const Tensor& values) {
    attention = of_head(values, job.head);
    count = static_cast<std::size_t>(values.shape()[2]);
  });
  PatchWeights result = no_weights(graph);
  const std::size_t features = attention.size() / count;
  if (result.weights.size() != features) {
    throw UnsupportedError("the features of this network are not what its last convolution makes");
  }
  for (const std::int64_t query : queries) {
    require_index(static_cast<std::size_t>(query), count, "query");
    join(result.weights,
         std::span(attention).subspan(static_cast<std::size_t>(query) * features, features));
  }
  return result;
}

Image attention_of_objects(const Model& model, const Image& image, const AttentionJob& job,
                           std::vector<Detection> objects) {
  std::vector<std::int64_t> queries;
  for (const Detection& object : objects) queries.push_back(object.query);
  const Tensor input = model.prepare({&image, 1});
  const Image map =
      heat_map(attention_of_queries(model, input, job, queries), image, model.info().preprocess);
  const float wider = static_cast<float>(map.width) / static_cast<float>(image.width);
  const float higher = static_cast<float>(map.height) / static_cast<float>(image.height);
  for (Detection& object : objects) {
    Box& box = object.box;
    box = {box.x0 * wider, box.y0 * higher, box.x1 * wider, box.y1 * higher};
  }
  return annotate(map, objects);
}

}  // namespace vitq::apps
