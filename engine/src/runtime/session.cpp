// SPDX-License-Identifier: Apache-2.0
#include "vitq/session.h"

#include <algorithm>
#include <chrono>

#include "core/memory.h"
#include "core/one_thread.h"
#include "core/text.h"
#include "kernels/backend.h"
#include "plan/views.h"
#include "runtime/impl.h"
#include "vitq/error.h"

namespace vitq {

namespace {

void require_memory(std::int64_t needed, std::int64_t granted) {
  const std::int64_t max = granted > 0 ? granted : available_memory();
  if (needed <= max) return;
  constexpr std::int64_t kMegabyte = 1'000'000;
  throw LimitError(cat("an input of this size needs ", needed / kMegabyte,
                       " MB for intermediate results; there are ", max / kMegabyte));
}

}  // namespace

Executable::Impl::Impl(std::shared_ptr<const Plan> shared_plan,
                       const SessionOptions& session_options,
                       std::shared_ptr<WeightCache> shared_cache)
    : plan(std::move(shared_plan)),
      options(session_options),
      cache(shared_cache ? std::move(shared_cache) : make_weight_cache()) {
  if (options.threads <= 0) options.threads = default_threads();
  const OneThread one_thread;
  const KernelContext context = make_context(options.backend, *plan, options.threads, *cache);
  for (const Step& step : plan->steps) {
    kernels.push_back(make_kernel(options.backend, step, context));
    workspace_bytes = std::max(workspace_bytes, kernels.back()->workspace_bytes());
  }
}

Executable::Executable(std::shared_ptr<const Plan> plan, const SessionOptions& options,
                       std::shared_ptr<WeightCache> cache)
    : impl_(std::make_unique<const Impl>(std::move(plan), options, std::move(cache))) {}
Executable::~Executable() = default;

const Plan& Executable::plan() const {
  return *impl_->plan;
}

int Executable::threads() const {
  return impl_->options.threads;
}

Session::Impl::Impl(std::shared_ptr<const Executable> runs, const Executable::Impl& its)
    : executable(std::move(runs)), plan(*its.plan), shared(its), team(its.options.threads) {
  require_memory(plan.arena_bytes + shared.workspace_bytes, shared.options.memory_bytes);
  arena = Tensor({plan.arena_bytes}, DType::kU8);
  workspace = Tensor({shared.workspace_bytes}, DType::kU8);
  for (const Buffer& buffer : plan.buffers) {
    std::byte* base = nullptr;  // inputs are bound by run
    if (buffer.home == Buffer::Home::kArena) base = arena.data() + buffer.offset;
    if (buffer.home == Buffer::Home::kConstant) {
      // Kernels only read constants; one pointer type serves all buffers.
      const Tensor& constant = plan.constants[static_cast<std::size_t>(buffer.offset)];
      base = const_cast<std::byte*>(constant.data());
    }
    buffers.push_back(base);
  }
  for (const auto& kernel : shared.kernels) states.push_back(kernel->make_state());
  for (const PlanOutput& output : plan.outputs) {
    const View& view = output.view;
    std::byte* data = buffers[static_cast<std::size_t>(view.buffer)] +
                      view.offset * static_cast<std::int64_t>(size_of(view.dtype));
    outputs.push_back(Tensor::borrow(view.dims, view.dtype, data, nullptr));
  }
  milliseconds.resize(plan.steps.size());
}

void Session::Impl::bind(std::span<const Tensor> inputs) {
  if (inputs.size() != plan.inputs.size()) {
    throw ShapeError(cat("the network takes ", plan.inputs.size(), " inputs, not ", inputs.size()));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const PlanInput& wanted = plan.inputs[i];
    if (inputs[i].shape() == wanted.shape && inputs[i].dtype() == wanted.dtype) continue;
    throw ShapeError(cat("input ", i, ": expected ", name_of(wanted.dtype), " ", wanted.shape.str(),
                         ", found ", name_of(inputs[i].dtype()), " ", inputs[i].shape().str()));
  }
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    const Buffer& buffer = plan.buffers[i];
    if (buffer.home != Buffer::Home::kInput) continue;
    buffers[i] = const_cast<std::byte*>(inputs[static_cast<std::size_t>(buffer.offset)].data());
  }
}

void Session::Impl::run_step(std::size_t index) noexcept {
  const Run run = {buffers, workspace.data(), states[index].get(), team};
  if (!shared.options.profile) {
    shared.kernels[index]->run(run);
    return;
  }
  const auto start = std::chrono::steady_clock::now();
  shared.kernels[index]->run(run);
  const std::chrono::duration<double, std::milli> elapsed =
      std::chrono::steady_clock::now() - start;
  milliseconds[index] += elapsed.count();
}

void Session::Impl::observe(const Step& step, std::span<const Site> sites, const Tap& tap) const {
  // A copy only prepares an operand of its node; the step that computes the node shows them all.
  if (std::holds_alternative<step::Copy>(step.op)) return;
  for (const Site& site : sites) {
    const View* operand = site.node == step.node ? vitq::operand(step, site.operand) : nullptr;
    if (operand == nullptr || operand->dtype != DType::kF32) continue;
    const View& view = *operand;
    Tensor values(view.dims, DType::kF32);
    const View dense = dense_view(0, view.dims, DType::kF32);
    const View pair[] = {view, dense};
    const RowWalk walk = walk_rows(pair);
    const std::int64_t n = view.dims[-1];
    const std::int64_t stride = view.strides[static_cast<std::size_t>(view.dims.rank() - 1)];
    const float* from = data_of<const float>(buffers, view);
    float* to = values.as<float>().data();
    for (std::int64_t row = 0; row < walk.rows; ++row) {
      const float* in = from + walk.offset(0, row);
      for (std::int64_t i = 0; i < n; ++i) to[row * n + i] = in[i * stride];
    }
    tap(site, values);
  }
}

Session::Session(std::shared_ptr<const Executable> executable) {
  const Executable::Impl& shared = *executable->impl_;
  impl_ = std::make_unique<Impl>(std::move(executable), shared);
}
Session::Session(std::shared_ptr<const Plan> plan, const SessionOptions& options)
    : Session(std::make_shared<const Executable>(std::move(plan), options)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

std::span<const Tensor> Session::run(std::span<const Tensor> inputs) {
  impl_->bind(inputs);
  const OneThread one_thread;
  for (std::size_t i = 0; i < impl_->states.size(); ++i) impl_->run_step(i);
  return impl_->outputs;
}

std::span<const Tensor> Session::run(std::span<const Tensor> inputs, std::span<const Site> sites,
                                     const Tap& tap) {
  impl_->bind(inputs);
  const OneThread one_thread;
  for (std::size_t i = 0; i < impl_->states.size(); ++i) {
    impl_->observe(impl_->plan.steps[i], sites, tap);
    impl_->run_step(i);
  }
  return impl_->outputs;
}

const Plan& Session::plan() const {
  return impl_->plan;
}

// Activations, and workspace that the kernels use one after the other.
std::int64_t Session::bytes() const {
  return impl_->plan.arena_bytes + impl_->shared.workspace_bytes;
}

int Session::threads() const {
  return impl_->shared.options.threads;
}

}  // namespace vitq
