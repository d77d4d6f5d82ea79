// SPDX-License-Identifier: Apache-2.0
// What a model file says of a site, held against the graph and the weights.
#pragma once

#include <optional>

#include "vitq/quant.h"

namespace vitq {

// Whether the site is a weight, and no activation.
bool is_weight(const Graph& graph, Site site);

// They throw WeightError. The first is for codes that are still bit-packed. The second also looks
// at the codes; `output_tokens` are those of the graph.
void require_codebook(const Graph& graph, Site site, const QParams& params);
struct SiteContext {
  const Graph& graph;
  const Weights& weights;
  const std::optional<AxisSpan>& output_tokens;
};
void require_site(const SiteContext& context, Site site, const QParams& params);

}  // namespace vitq
