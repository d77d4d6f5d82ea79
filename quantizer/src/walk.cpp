// SPDX-License-Identifier: Apache-2.0
#include "walk.h"

#include <algorithm>

#include "calibration/pixels.h"
#include "layer/im2col.h"
#include "layer/rounding.h"
#include "report.h"

namespace vitq {
namespace {

constexpr int kBackgroundStep = 5;  // every fifth row of the background is used

std::span<const NodeId> only(const NodeId& id) {
  return {&id, 1};
}

Matrix rows_of(const Tensor& value) {
  const Shape& shape = value.shape();
  Matrix rows(shape.elements() / shape[-1], shape[-1]);
  const std::span<const float> values = value.as<float>();
  std::copy(values.begin(), values.end(), rows.values.begin());
  return rows;
}

// Gives the rows begin, begin + step, ... below end.
Matrix some_rows(const Matrix& all, std::int64_t begin, std::int64_t end, std::int64_t step) {
  Matrix rows((end - begin + step - 1) / step, all.cols);
  for (std::int64_t r = 0; r < rows.rows; ++r) {
    const std::span<const float> from = all.row(begin + r * step);
    std::copy(from.begin(), from.end(), rows.row(r).begin());
  }
  return rows;
}

Matrix output_part(const Unit& unit, Matrix rows) {
  if (!unit.output_only) return rows;
  return some_rows(rows, unit.output_tokens.begin, unit.output_tokens.end, 1);
}

// Tells how many rows of an image the unit's layer is fitted to.
std::int64_t rows_in(const Unit& unit, const Graph& graph) {
  if (unit.output_only) return unit.output_tokens.end - unit.output_tokens.begin;
  const Node& layer = graph[unit.plan.node];
  return layer.shape.elements() / graph[layer.inputs[1]].shape[0];
}

QParams params_of(int bits, Range range) {
  QParams params;
  params.bits = bits;
  params.range = range;
  return params;
}

QParams per_token(const Unit& unit, int bits) {
  QParams params = params_of(bits, Range::kPerToken);
  params.output_token_bits = unit.plan.output_token_bits;
  return params;
}

// [1, C, H, W] -> [H W, C].
Matrix rows_of_image(const Tensor& image) {
  const std::int64_t channels = image.shape()[1];
  Matrix rows(image.shape().elements() / channels, channels);
  const float* from = image.as<float>().data();
  for (std::int64_t c = 0; c < channels; ++c) {
    for (std::int64_t r = 0; r < rows.rows; ++r) rows.row(r)[static_cast<std::size_t>(c)] = *from++;
  }
  return rows;
}

// [1, heads, tokens, dim] -> [heads, tokens, dim]
Tensor heads_of(const Tensor& operand) {
  const Shape& shape = operand.shape();
  return operand.reshaped({shape[1], shape[2], shape[3]});
}

Tensor tensor_of(std::span<const float> values) {
  Tensor tensor({static_cast<std::int64_t>(values.size())}, DType::kF32);
  std::copy(values.begin(), values.end(), tensor.as<float>().begin());
  return tensor;
}

Tensor codes_of(const LayerDraft& layer, const Shape& shape) {
  Tensor codes(shape, code_type(layer.weight_bits));
  if (codes.dtype() == DType::kS16) {
    std::ranges::copy(layer.codes, codes.as<std::int16_t>().begin());
  } else {
    std::ranges::transform(layer.codes, codes.as<std::int8_t>().begin(),
                           [](std::int16_t code) { return static_cast<std::int8_t>(code); });
  }
  return codes;
}

}  // namespace

Walk::Walk(WalkState& state, const std::vector<RecipeStep>& steps)
    : state_(state),
      steps_(steps),
      float_(state.images, state.store),
      quantized_(state.images, state.store) {}

void Walk::visit(const Unit& unit) {
  if (!unit.plan.bits) return;
  if (unit.plan.attention) {
    visit_attention(unit);
  } else {
    visit_layer(unit);
  }
}

LayerDraft Walk::start(const Unit& unit) const {
  if (const auto found = state_.drafts.find(unit.plan.node); found != state_.drafts.end()) {
    return found->second;
  }
  const Node& node = state_.network.graph[unit.plan.node];
  LayerDraft layer;
  layer.name = node.name;
  layer.node = unit.plan.node;
  layer.role = unit.role;
  layer.weight_bits = unit.plan.bits->weights;
  layer.activation_bits = unit.plan.bits->activations;
  layer.parts = unit.parts;
  const Tensor weight =
      state_.network.weights.at(state_.network.graph[node.inputs[1]].name).to_f32();
  const std::int64_t n = weight.shape()[0];
  layer.weight = rows_of(weight.reshaped({n, weight.shape().elements() / n}));
  layer.bias.assign(static_cast<std::size_t>(n), 0.0F);
  if (node.inputs.size() > 2) {
    layer.bias =
        rows_of(state_.network.weights.at(state_.network.graph[node.inputs[2]].name).to_f32())
            .values;
  }
  layer.input = per_token(unit, unit.plan.bits->activations);
  if (unit.role == Role::kInput) layer.input = pixel_codes(*state_.network.pixels);
  set_smoothing(layer, layer.input.smoothing_scale, layer.input.channel_offset);
  layer.new_bias = layer.bias;
  round_to_nearest(layer, largest_scales(layer));
  return layer;
}

// Gives the float network's results, plus what the quantized network lacks in the sum that follows.
Matrix Walk::targets(const Unit& unit, std::int64_t image) const {
  const bool feature_map =
      std::holds_alternative<op::Conv2d>(state_.network.graph[unit.plan.node].op);
  const auto matrix = [feature_map](const Tensor& value) {
    return feature_map ? rows_of_image(value) : rows_of(value);
  };
  Matrix rows = matrix(float_.value(unit.plan.node, image));
  const NodeId other = unit.residual;
  if (other >= 0 && float_.holds(other) && quantized_.holds(other)) {
    const Matrix wanted = matrix(float_.value(other, image));
    const Matrix found = matrix(quantized_.value(other, image));
    for (std::size_t i = 0; i < rows.values.size(); ++i) {
      rows.values[i] += wanted.values[i] - found.values[i];
    }
  }
  return output_part(unit, std::move(rows));
}

LayerSource Walk::source_of(const Unit& unit) const {
  LayerSource source;
  source.generated = state_.images.generated();
  for (std::int64_t image = 0; image < state_.images.count(); ++image) {
    source.rows.push_back(rows_in(unit, state_.images.graph(image)));
  }
  const Node& node = state_.network.graph[unit.plan.node];
  if (const auto* conv = std::get_if<op::Conv2d>(&node.op)) {
    const Shape weight = state_.network.graph[node.inputs[1]].shape;
    source.inputs = [this, &unit, weight, conv](std::int64_t image) {
      return im2col(quantized_.value(unit.operand, image), weight, *conv);
    };
  } else {
    source.inputs = [this, &unit](std::int64_t image) {
      return output_part(unit, rows_of(quantized_.value(unit.operand, image)));
    };
  }
  if (unit.role == Role::kInput) {
    source.targets = [inputs = source.inputs, layer = start(unit)](std::int64_t image) {
      return float_outputs(layer, inputs(image));
    };
  } else {
    source.targets = [this, &unit](std::int64_t image) { return targets(unit, image); };
  }
  add_output_tokens(unit, source);
  return source;
}

void Walk::add_output_tokens(const Unit& unit, LayerSource& source) const {
  const bool output_only = unit.output_only || unit.role == Role::kOutput;
  source.output.begin = output_only ? 0 : unit.output_tokens.begin;
  source.output.end =
      output_only ? source.rows.front() : unit.output_tokens.end;  // as many in each
  const auto weight = state_.token_weights.find(unit.stream);
  if (!output_only && weight != state_.token_weights.end()) source.output_weight = weight->second;
  if (unit.background >= 0) {
    source.background = [this, &unit](std::int64_t image) {
      const Matrix all = rows_of(quantized_.value(unit.background, image));
      return some_rows(all, 0, all.rows, kBackgroundStep);
    };
  }
}

void Walk::visit_layer(const Unit& unit) {
  const NodeId operands[] = {unit.operand, unit.background >= 0 ? unit.background : unit.operand};
  if (unit.role != Role::kInput) {
    float_.advance(only(unit.plan.node), state_.network.weights, Scheme::float32(), state_.threads);
  }
  quantized_.advance(operands, state_.weights, state_.scheme, state_.threads);
  LayerData data(source_of(unit), state_.threads);
  LayerDraft layer = start(unit);
  LayerReport report = {.plan = unit.plan};
  if (state_.errors) report_start(layer, data, report);
  for (const RecipeStep& step : steps_) {
    if (step.where.matches(layer)) step.method->fit_layer(layer, data);
  }
  if (state_.errors) report_end(layer, data, report);
  state_.reports[unit.plan.node] = report;
  keep(unit, layer);
}

void Walk::keep(const Unit& unit, const LayerDraft& layer) {
  store_layer(layer);
  quantized_.advance(only(unit.plan.node), state_.weights, state_.scheme, state_.threads);
  state_.drafts[unit.plan.node] = layer;
}

void Walk::store_layer(const LayerDraft& layer) {
  const Node& node = state_.network.graph[layer.node];
  const Node& weight = state_.network.graph[node.inputs[1]];
  state_.weights.tensors[weight.name] = codes_of(layer, weight.shape);
  const bool has_bias = node.inputs.size() > 2;
  const std::string bias =
      has_bias ? state_.network.graph[node.inputs[2]].name : layer.name + ".bias";
  state_.weights.tensors[bias] = tensor_of(layer.new_bias);
  const std::string rows = layer.name + ".output_token_bias";
  state_.weights.tensors.erase(rows);
  if (!layer.output_token_bias.empty())
    state_.weights.tensors[rows] = tensor_of(layer.output_token_bias);
  state_.scheme.set({layer.node, 0}, layer.input);
  QParams weight_codes = params_of(layer.weight_bits, Range::kStatic);
  weight_codes.scale = layer.scale;
  weight_codes.codebook = layer.codebook;
  state_.scheme.set({layer.node, 1}, std::move(weight_codes));
}

void Walk::visit_attention(const Unit& unit) {
  const NodeId operands[] = {unit.operand, unit.key, unit.value};
  quantized_.advance(operands, state_.weights, state_.scheme, state_.threads);
  const Graph& graph = state_.network.graph;
  const Shape& shape = graph[unit.operand].shape;
  const int bits = unit.plan.bits->activations;
  AttentionDraft attention = {.name = unit.plan.name,
                              .logits = unit.plan.node,
                              .output = unit.plan.output,
                              .heads = shape[1],
                              .dim = shape[3],
                              .scale = std::get<op::MatMul>(graph[unit.plan.node].op).scale,
                              .bits = bits,
                              .output_tokens = {unit.output_tokens.begin, unit.output_tokens.end},
                              .query = per_token(unit, unit.query_key_bits),
                              .key = per_token(unit, unit.query_key_bits),
                              .probability = per_token(unit, bits),
                              .value = params_of(bits, Range::kPerChannel)};
  AttentionData data = {.images = state_.images.count(), .threads = state_.threads, .sample = {}};
  data.sample = [this, &unit](std::int64_t image) -> AttentionSample {
    return {heads_of(quantized_.value(unit.operand, image)),
            heads_of(quantized_.value(unit.key, image)),
            heads_of(quantized_.value(unit.value, image))};
  };
  for (const RecipeStep& step : steps_) {
    if (step.where.matches(attention)) step.method->fit_attention(attention, data);
  }
  state_.scheme.set({unit.plan.node, 0}, attention.query);
  state_.scheme.set({unit.plan.node, 1}, attention.key);
  state_.scheme.set({unit.plan.output, 0}, attention.probability);
  state_.scheme.set({unit.plan.output, 1}, attention.value);
  state_.reports[unit.plan.node] = {.plan = unit.plan};
}

}  // namespace vitq
