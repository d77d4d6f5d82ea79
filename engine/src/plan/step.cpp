// SPDX-License-Identifier: Apache-2.0
// What steps are called, and where they keep the operands of their nodes.
#include "vitq/step.h"

namespace vitq {

std::string_view name_of(const StepOp& op) {
  static constexpr std::string_view kNames[] = {
      "Linear", "Conv2d",   "MatMul",        "LayerNorm", "Softmax",    "Activate",
      "Add",    "Multiply", "Scale",         "Sine",      "Mean",       "MaxPool",
      "Copy",   "Quantize", "IntegerLinear", "Attention", "UnitLength", "ToFloat"};
  static_assert(std::size(kNames) == std::variant_size_v<StepOp>);
  return kNames[op.index()];
}

const View* operand(const Step& step, int index) {
  if (std::holds_alternative<step::Attention>(step.op)) return nullptr;
  if (const auto* linear = std::get_if<step::IntegerLinear>(&step.op)) {
    if (index == 1) return &linear->weight;
    return index == 0 && linear->x ? &*linear->x : nullptr;
  }
  const View* found = nullptr;
  int next = 0;
  const auto take = [&](const View& view) {
    if (next++ == index) found = &view;
  };
  std::visit([&](const auto& op) { std::remove_cvref_t<decltype(op)>::views(op, take); }, step.op);
  return found;
}

}  // namespace vitq
