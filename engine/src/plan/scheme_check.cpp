// SPDX-License-Identifier: Apache-2.0
#include "plan/scheme_check.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "core/text.h"
#include "plan/weight_codes.h"
#include "vitq/error.h"

namespace vitq {
namespace {

// Checks one site of a file against the graph and the weights.
class SiteCheck {
 public:
  SiteCheck(const SiteContext& context, Site site)
      : graph_(context.graph),
        weights_(context.weights),
        site_(site),
        node_(context.graph[site.node]),
        output_tokens_(context.output_tokens) {}

  void run(const QParams& params) const {
    const bool weight = is_weight(graph_, site_);
    if (weight) codes(params);
    require(range_allowed(params.range), "it cannot have a range of this kind");
    if (params.range == Range::kStatic) {
      const std::size_t scales = weight ? channels(0) : 1;
      const bool fits = params.scale.size() == scales || params.scale.size() == 1;
      require(fits, cat("expected ", scales, " scales, found ", params.scale.size()));
      require(weight || params.lo.size() == 1, "expected one lo");
    } else {
      require(params.scale.empty() && params.lo.empty(), "a range found at run time has no scale");
    }
    const auto positive = [](float value) { return std::isnormal(value) && value > 0.0F; };
    const auto finite = [](float value) { return std::isfinite(value); };
    require(!params.output_token_bits || params.range == Range::kPerToken,
            "only ranges found per token have bits of output tokens");
    require(!params.output_token_bits || has_others(),
            "bits of output tokens, where there are no others");
    require(
        params.clip.empty() || may_clip(params),
        "expected two shares of at least 0, below 1 together, that ranges found per token clip");
    require_all(params.scale, positive, "scale ");
    require_all(params.smoothing_scale, positive, "smoothing scale ");
    require_all(params.channel_offset, finite, "channel offset ");
    require_all(params.lo, finite, "lo ");
    require(params.smoothing_scale.empty() || one_per_column(params.smoothing_scale.size()),
            "the smoothing scale does not fit the layer");
    require(params.channel_offset.empty() || one_per_column(params.channel_offset.size()),
            "the channel offset does not fit the layer");
  }

 private:
  // Those of weights are known; only the values of an attention have one per column.
  bool range_allowed(Range range) const {
    if (is_weight(graph_, site_)) return range == Range::kStatic;
    const auto* product = std::get_if<op::MatMul>(&node_.op);
    const bool values = product != nullptr && !product->transpose_b && site_.operand == 1;
    return range == Range::kStatic || range == (values ? Range::kPerChannel : Range::kPerToken);
  }
  bool may_clip(const QParams& params) const {
    const bool input = site_.operand == 0 && !std::holds_alternative<op::MatMul>(node_.op);
    if (!input || params.range != Range::kPerToken || params.clip.size() != 2) return false;
    const auto [below, above] = std::pair(params.clip[0], params.clip[1]);
    return below >= 0.0F && above >= 0.0F && below + above < 1.0F;
  }
  // Whether the operand of a layer [N, tokens, C] or an attention [N, heads, tokens, dim] has
  // tokens beside the output tokens.
  bool has_others() const {
    const Shape& shape = graph_[node_.inputs[static_cast<std::size_t>(site_.operand)]].shape;
    const bool layer = std::holds_alternative<op::Linear>(node_.op) && shape.rank() == 3;
    const bool attention = std::holds_alternative<op::MatMul>(node_.op) && shape.rank() == 4;
    return output_tokens_ && (layer || attention) && output_tokens_->end < shape[-2];
  }
  std::size_t channels(int axis) const {
    return static_cast<std::size_t>(graph_[node_.inputs[1]].shape[axis]);
  }
  // Input channels of a layer; heads times channels of an attention operand.
  std::size_t smoothing_scales() const {
    if (!std::holds_alternative<op::MatMul>(node_.op)) return channels(1);
    const Shape& shape = graph_[node_.inputs[static_cast<std::size_t>(site_.operand)]].shape;
    return static_cast<std::size_t>(shape.rank() == 4 ? shape[1] * shape[3] : shape[-1]);
  }
  // Of a convolution: per input channel, or per place of the kernel, too.
  bool one_per_column(std::size_t count) const {
    if (count == smoothing_scales()) return true;
    if (!std::holds_alternative<op::Conv2d>(node_.op)) return false;
    return count == channels(1) * channels(2) * channels(3);
  }
  void codes(const QParams& params) const {
    const std::string& name = graph_[node_.inputs[1]].name;
    const Tensor& tensor = weights_.at(name);
    const DType expected = code_type(params.bits);
    require(tensor.dtype() == expected, cat("expected ", name_of(expected), " codes in ", name,
                                            ", found ", name_of(tensor.dtype())));
    if (!params.codebook.empty()) return;  // every place in it is a code
    if (expected == DType::kS16) {
      require_within(tensor.as<std::int16_t>(), name, params.bits);
    } else {
      require_within(tensor.as<std::int8_t>(), name, params.bits);
    }
  }
  template <typename Code>
  void require_within(std::span<const Code> all, const std::string& name, int bits) const {
    const std::int32_t top = max_weight_code(bits);
    if (within(all, top)) return;
    const auto outside = [top](Code code) { return code < -top || code > top; };
    const auto bad = std::find_if(all.begin(), all.end(), outside);
    require(false, cat("code ", int{*bad}, " in ", name, " lies outside of ", bits, " bits"));
  }
  template <typename Good>
  void require_all(const std::vector<float>& values, const Good& good, const char* what) const {
    const auto bad = std::find_if_not(values.begin(), values.end(), good);
    if (bad != values.end()) require(false, cat(what, *bad));
  }
  void require(bool holds, const std::string& what) const {
    if (!holds) {
      throw WeightError(cat("layer '", node_.name, "', operand ", site_.operand, ": ", what));
    }
  }

  const Graph& graph_;
  const Weights& weights_;
  Site site_;
  const Node& node_;
  const std::optional<AxisSpan>& output_tokens_;
};

}  // namespace

bool is_weight(const Graph& graph, Site site) {
  return site.operand == 1 && !std::holds_alternative<op::MatMul>(graph[site.node].op);
}

// Codes of weights of fewer than 8 bits may be places in a codebook.
void require_codebook(const Graph& graph, Site site, const QParams& params) {
  const std::vector<float>& entries = params.codebook;
  if (entries.empty()) return;
  const auto is_code = [](float v) { return std::trunc(v) == v && std::abs(v) <= 127.0F; };
  const bool good = is_weight(graph, site) && params.bits < 8 &&
                    entries.size() == std::size_t{1} << static_cast<unsigned>(params.bits) &&
                    std::ranges::all_of(entries, is_code) &&
                    std::ranges::adjacent_find(entries, std::greater_equal<>()) == entries.end();
  if (good) return;
  throw WeightError(cat("layer '", graph[site.node].name, "', operand ", site.operand,
                        ": a codebook has 2^bits rising integers of at most 127"));
}

void require_site(const SiteContext& context, Site site, const QParams& params) {
  SiteCheck(context, site).run(params);
}

}  // namespace vitq
