// SPDX-License-Identifier: Apache-2.0
// What each step of a session is and has cost, and what the session runs on.
#include "core/cpu.h"
#include "core/text.h"
#include "core/threads.h"
#include "kernels/library.h"
#include "runtime/impl.h"

namespace vitq {
namespace {

// Multiply-accumulates of a step with this result.
struct Macs {
  std::int64_t outputs;

  std::int64_t operator()(const step::Linear& op) const { return outputs * op.weight.dims[1]; }
  std::int64_t operator()(const step::IntegerLinear& op) const {
    return outputs * op.weight.dims[1];
  }
  std::int64_t operator()(const step::Attention& op) const { return 2 * outputs * op.k.dims[-2]; }
  std::int64_t operator()(const step::MatMul& op) const { return outputs * op.a.dims[-1]; }
  std::int64_t operator()(const step::Conv2d& op) const {
    return outputs * (op.weight.dims.elements() / op.weight.dims[0]);
  }
  template <typename Other>
  std::int64_t operator()(const Other&) const {
    return 0;
  }
};

std::int64_t macs_of(const Step& step) {
  return std::visit(Macs{step.out.dims.elements()}, step.op);
}

std::int64_t bytes_of(const View& view) {
  std::int64_t elements = 1;
  for (int axis = 0; axis < view.dims.rank(); ++axis) {
    if (view.strides[static_cast<std::size_t>(axis)] != 0) elements *= view.dims[axis];
  }
  return elements * static_cast<std::int64_t>(size_of(view.dtype));
}

std::string bits_text(int bits, int output_token_bits, const OutputRows& output) {
  std::string text = " of " + std::to_string(bits) + " bits";
  if (output.tokens == 0 || output_token_bits == bits) return text;
  return text + " (output tokens " + std::to_string(output_token_bits) + ")";
}

std::string coding_text(const RowCoding& coding) {
  const bool clipped = coding.clip_below > 0.0F || coding.clip_above > 0.0F;
  return " + codes" + bits_text(coding.bits, coding.output_token_bits, coding.output_rows) +
         (clipped ? ", clipped" : "");
}

std::string op_of(const Step& step) {
  std::string text(name_of(step.op));
  if (step.epilogue.residual) text += " + residual";
  static constexpr std::string_view kActNames[kActs] = {
      "",        " + GELU", " + ReLU", " + sigmoid", " + GELU (tanh)", " + quick GELU",
      " + SiLU", " + tanh"};
  text += kActNames[static_cast<std::size_t>(step.epilogue.act)];
  if (const auto* attention = std::get_if<step::Attention>(&step.op)) {
    const QParams& query = attention->q_params;
    text += bits_text(query.bits, query.bits_of(true), attention->q_output);
  }
  if (step.epilogue.coding) text += coding_text(*step.epilogue.coding);
  return text;
}

}  // namespace

std::vector<StepProfile> Session::profile() const {
  std::vector<StepProfile> profile;
  for (std::size_t i = 0; i < impl_->plan.steps.size(); ++i) {
    const Step& step = impl_->plan.steps[i];
    std::int64_t bytes = 0;
    for_each_view(step, [&bytes](const View& view) { bytes += bytes_of(view); });
    profile.push_back({.name = step.name,
                       .op = op_of(step),
                       .kernel = impl_->shared.kernels[i]->name(),
                       .shape = step.out.dims.str(),
                       .macs = macs_of(step),
                       .bytes = bytes,
                       .milliseconds = impl_->milliseconds[i]});
  }
  return profile;
}

std::string library_versions() {
  return library_version();
}

std::string isa_in_use() {
  return std::string(best_isa(cpu()).name);
}

int default_threads() {
  return usable_cpus();
}

}  // namespace vitq
