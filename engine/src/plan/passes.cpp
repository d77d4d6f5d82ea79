// SPDX-License-Identifier: Apache-2.0
#include "plan/passes.h"

#include <algorithm>
#include <limits>

#include "plan/views.h"

namespace vitq {
namespace {

// How the steps and the outputs of a plan use a buffer.
struct Use {
  int views = 0;
  int writes = 0;
  Step* writer = nullptr;
  std::size_t last = 0;  // step
};

class Uses {
 public:
  explicit Uses(Plan& plan) : uses_(plan.buffers.size()) {
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
      Step& step = plan.steps[i];
      for_each_view(step, [&](const View& view) {
        ++of(view).views;
        of(view).last = i;
      });
      ++of(step.out).writes;
      of(step.out).writer = &step;
    }
    for (const PlanOutput& output : plan.outputs) {
      ++of(output.view).views;
      of(output.view).last = plan.steps.size();
    }
  }
  Use& of(const View& view) { return uses_[static_cast<std::size_t>(view.buffer)]; }

 private:
  std::vector<Use> uses_;
};

// Drops the steps for which `fused` is true.
template <typename Fused>
void erase_fused(Plan& plan, const Fused& fused) {
  std::vector<Step> kept;
  std::vector<bool> gone;
  for (const Step& step : plan.steps) gone.push_back(fused(step));
  for (std::size_t i = 0; i < gone.size(); ++i) {
    if (!gone[i]) kept.push_back(std::move(plan.steps[i]));
  }
  plan.steps = std::move(kept);
}

// `target` with its axes in the order in which `like` has those of `source`, if both are views of
// the same elements.
std::optional<View> reordered(const View& target, const View& source, const View& like) {
  if (source.dims.rank() != like.dims.rank()) return std::nullopt;
  const std::vector<int> from = memory_order(source);
  const std::vector<int> to = memory_order(like);
  std::vector<int> order(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) order[static_cast<std::size_t>(to[i])] = from[i];
  if (!same_elements(permuted(source, order), like)) return std::nullopt;
  return permuted(target, order);
}

}  // namespace

void fuse_codings(Plan& plan) {
  Uses uses(plan);
  erase_fused(plan, [&](const Step& step) {
    const auto* quantize = std::get_if<step::Quantize>(&step.op);
    if (quantize == nullptr) return false;
    const Use& use = uses.of(quantize->x);
    Step* maker = use.writer;
    const bool same = maker != nullptr && use.writes == 1 && !maker->epilogue.coding &&
                      same_elements(maker->out, quantize->x);
    if (!same) return false;
    const bool linear = std::holds_alternative<step::IntegerLinear>(maker->op);
    const bool only_reader = use.views == 2;
    if (only_reader && (linear || std::holds_alternative<step::LayerNorm>(maker->op))) {
      maker->out = step.out;
    } else if (linear && step.out.dtype == DType::kU8) {
      maker->epilogue.codes = step.out;
    } else {
      return false;
    }
    maker->epilogue.coding = step.epilogue.coding;
    return true;
  });
}

void fuse_copies(Plan& plan) {
  Uses uses(plan);
  erase_fused(plan, [&](const Step& step) {
    const auto* copy = std::get_if<step::Copy>(&step.op);
    if (copy == nullptr) return false;
    const Use& use = uses.of(copy->x);
    const bool only_reader = use.views == 2 && use.writes == 1;
    if (!only_reader || !std::holds_alternative<step::IntegerLinear>(use.writer->op)) return false;
    Step& maker = *use.writer;
    const std::optional<View> out = reordered(step.out, copy->x, maker.out);
    const bool rows = out && out->strides[static_cast<std::size_t>(out->dims.rank() - 1)] == 1;
    if (rows) maker.out = *out;
    return rows;
  });
}

void reuse_residuals(Plan& plan) {
  Uses uses(plan);
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    Step& step = plan.steps[i];
    if (!std::holds_alternative<step::IntegerLinear>(step.op) || !step.epilogue.residual) continue;
    const View residual = *step.epilogue.residual;
    View moved = step.out;
    moved.buffer = residual.buffer;
    const Buffer& before = plan.buffers[static_cast<std::size_t>(residual.buffer)];
    const Buffer& own = plan.buffers[static_cast<std::size_t>(step.out.buffer)];
    const bool free = before.home == Buffer::Home::kArena && uses.of(residual).last == i;
    if (!free || before.bytes != own.bytes || !same_elements(moved, residual)) continue;
    const BufferId gone = step.out.buffer;
    const auto rename = [&](View& view) {
      if (view.buffer == gone) view.buffer = residual.buffer;
    };
    uses.of(residual).last = uses.of(step.out).last;
    for (Step& other : plan.steps) for_each_view(other, rename);
    for (PlanOutput& output : plan.outputs) rename(output.view);
  }
}

}  // namespace vitq
