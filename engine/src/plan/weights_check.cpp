// SPDX-License-Identifier: Apache-2.0
// Whether a set of weights is what a graph needs, with everything that is wrong in one report.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "core/text.h"
#include "vitq/error.h"
#include "vitq/lower.h"
#include "vitq/plan.h"

namespace vitq {
namespace {

bool is_float(DType dtype) {
  return dtype == DType::kF32 || dtype == DType::kF16 || dtype == DType::kBF16 ||
         dtype == DType::kF64;
}

// What is wrong with `tensor` as the weight `node`; empty if nothing is.
std::string complaint(const Node& node, const Tensor* tensor, DType codes) {
  if (tensor == nullptr) return cat("missing: ", node.name, " ", node.shape.str());
  if (tensor->shape() != node.shape) {
    return cat("misshaped: ", node.name, ": expected ", node.shape.str(), ", found ",
               tensor->shape().str());
  }
  if (!is_float(codes) && tensor->dtype() == codes) return "";
  if (!is_float(tensor->dtype())) {
    return cat("wrong type: ", node.name, ": expected floating point, found ",
               name_of(tensor->dtype()));
  }
  const Tensor values = tensor->to_f32();
  const std::span<const float> all = values.as<float>();
  // Whether there is one, without branches; then which.
  bool finite = true;
  for (const float v : all) finite &= std::abs(v) <= std::numeric_limits<float>::max();
  if (finite) return "";
  const auto bad = std::find_if(all.begin(), all.end(), [](float v) { return !std::isfinite(v); });
  return cat("not finite: ", node.name, ": element ", bad - all.begin(), " is ", *bad);
}

}  // namespace

void require_weights(const Graph& graph, const Weights& weights, const Scheme& scheme) {
  std::map<NodeId, DType> coded;
  for (const auto& [site, params] : scheme.sites()) {
    if (site.operand == 1) coded[graph[site.node].inputs[1]] = code_type(params.bits);
  }
  std::string report;
  for (const NodeId id : graph.params()) {
    const Node& node = graph[id];
    const auto found = coded.find(id);
    const DType type = found == coded.end() ? DType::kF32 : found->second;
    const std::string text = complaint(node, weights.find(node.name), type);
    if (!text.empty()) report += "\n  " + text;
  }
  if (!report.empty()) throw WeightError("the weights do not fit the model:" + report);
}

}  // namespace vitq
