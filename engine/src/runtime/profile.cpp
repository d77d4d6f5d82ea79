// SPDX-License-Identifier: Apache-2.0
// What each step of a session is and has cost, and what the session runs on.
#include "core/cpu.h"
#include "core/text.h"
#include "core/threads.h"
#include "kernels/backend.h"
#include "runtime/impl.h"

namespace vitq {
namespace {

std::int64_t macs_of(const Step& step) {
  const std::int64_t outputs = step.out.dims.elements();
  if (std::holds_alternative<op::Linear>(step.op)) return outputs * step.in[1].dims[1];
  if (std::holds_alternative<step::IntegerLinear>(step.op)) return outputs * step.in[1].dims[1];
  if (std::holds_alternative<step::Attention>(step.op)) return 2 * outputs * step.in[1].dims[-2];
  if (std::holds_alternative<op::MatMul>(step.op)) return outputs * step.in[0].dims[-1];
  if (std::holds_alternative<op::Conv2d>(step.op)) {
    return outputs * (step.in[1].dims.elements() / step.in[1].dims[0]);
  }
  return 0;
}

std::int64_t bytes_of(const View& view) {
  std::int64_t elements = 1;
  for (int axis = 0; axis < view.dims.rank(); ++axis) {
    if (view.strides[static_cast<std::size_t>(axis)] != 0) elements *= view.dims[axis];
  }
  return elements * static_cast<std::int64_t>(size_of(view.dtype));
}

std::string op_of(const Step& step) {
  std::string text(name_of(step.op));
  if (step.epilogue.residual) text += " + residual";
  if (step.epilogue.act == Act::kGelu) text += " + GELU";
  if (step.epilogue.act == Act::kRelu) text += " + ReLU";
  if (step.epilogue.act == Act::kSigmoid) text += " + sigmoid";
  if (step.epilogue.coding) text += " + codes";
  return text;
}

}  // namespace

std::vector<StepProfile> Session::profile() const {
  std::vector<StepProfile> profile;
  for (std::size_t i = 0; i < impl_->kernels.size(); ++i) {
    const Step& step = impl_->plan->steps[i];
    std::int64_t bytes = bytes_of(step.out);
    for (const View& view : step.in) bytes += bytes_of(view);
    if (step.epilogue.residual) bytes += bytes_of(*step.epilogue.residual);
    profile.push_back({.name = step.name,
                       .op = op_of(step),
                       .kernel = impl_->kernels[i]->name(),
                       .shape = step.out.dims.str(),
                       .macs = macs_of(step),
                       .bytes = bytes,
                       .milliseconds = impl_->milliseconds[i]});
  }
  return profile;
}

std::string isa_in_use() {
  return isa_name();
}

int default_threads() {
  return usable_cpus();
}

}  // namespace vitq
