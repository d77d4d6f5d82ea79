// SPDX-License-Identifier: Apache-2.0
// Everything that a step reads or writes.
#pragma once

#include "vitq/plan.h"

namespace vitq {

// Calls visit(view) for everything that a step reads or writes; the views may be changed.
template <typename StepType, typename Visit>
void for_each_view(StepType& step, const Visit& visit) {
  const auto maybe = [&visit](auto& view) {
    if (view) visit(*view);
  };
  const auto coding = [&maybe](auto& rows) {
    maybe(rows.channel_offset);
    maybe(rows.inverse_smoothing);
    maybe(rows.rows);
  };
  for (auto& view : step.in) visit(view);
  visit(step.out);
  maybe(step.scratch);
  maybe(step.epilogue.residual);
  maybe(step.epilogue.codes);
  if (step.epilogue.coding) coding(*step.epilogue.coding);
  if (auto* linear = std::get_if<step::IntegerLinear>(&step.op)) {
    coding(linear->coding);
    if (linear->im2col) {
      visit(linear->im2col->image);
      maybe(linear->im2col->ranges);
    }
  }
  if (auto* attention = std::get_if<step::Attention>(&step.op)) {
    visit(attention->q_shift);
    visit(attention->q_factor);
    visit(attention->k_shift);
    visit(attention->k_factor);
    visit(attention->q_offset);
  }
}

}  // namespace vitq
