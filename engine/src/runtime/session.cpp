// SPDX-License-Identifier: Apache-2.0
#include "vitq/session.h"

#include <chrono>

#include "core/memory.h"
#include "core/parallel.h"
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

Session::Impl::Impl(std::shared_ptr<const Plan> shared_plan, const SessionOptions& session_options)
    : plan(std::move(shared_plan)), options(session_options) {
  if (options.threads <= 0) options.threads = default_threads();
  const ThreadCount count(options.threads);
  require_memory(plan->arena_bytes, options.memory_bytes);
  arena = Tensor({plan->arena_bytes}, DType::kU8);
  for (const Buffer& buffer : plan->buffers) {
    std::byte* base = nullptr;  // inputs are bound by run
    if (buffer.home == Buffer::Home::kArena) base = arena.data() + buffer.offset;
    if (buffer.home == Buffer::Home::kConstant) {
      // Kernels only read constants; one pointer type serves all buffers.
      const Tensor& constant = plan->constants[static_cast<std::size_t>(buffer.offset)];
      base = const_cast<std::byte*>(constant.data());
    }
    buffers.push_back(base);
  }
  const KernelContext context = make_context(options.backend, *plan, options.threads);
  for (const Step& step : plan->steps) {
    kernels.push_back(make_kernel(options.backend, step, context));
  }
  for (const PlanOutput& output : plan->outputs) {
    const View& view = output.view;
    std::byte* data = buffers[static_cast<std::size_t>(view.buffer)] +
                      view.offset * static_cast<std::int64_t>(size_of(view.dtype));
    outputs.push_back(Tensor::borrow(view.dims, view.dtype, data, nullptr));
  }
  milliseconds.resize(plan->steps.size());
}

void Session::Impl::bind(std::span<const Tensor> inputs) {
  if (inputs.size() != plan->inputs.size()) {
    throw ShapeError(
        cat("the network takes ", plan->inputs.size(), " inputs, not ", inputs.size()));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].shape() != plan->inputs[i] || inputs[i].dtype() != DType::kF32) {
      throw ShapeError(cat("input ", i, ": expected f32 ", plan->inputs[i].str(), ", found ",
                           name_of(inputs[i].dtype()), " ", inputs[i].shape().str()));
    }
  }
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    const Buffer& buffer = plan->buffers[i];
    if (buffer.home != Buffer::Home::kInput) continue;
    buffers[i] = const_cast<std::byte*>(inputs[static_cast<std::size_t>(buffer.offset)].data());
  }
}

void Session::Impl::run_step(std::size_t index) noexcept {
  if (!options.profile) {
    kernels[index]->run(buffers);
    return;
  }
  const auto start = std::chrono::steady_clock::now();
  kernels[index]->run(buffers);
  const std::chrono::duration<double, std::milli> elapsed =
      std::chrono::steady_clock::now() - start;
  milliseconds[index] += elapsed.count();
}

void Session::Impl::observe(const Step& step, std::span<const Site> sites, const Tap& tap) const {
  // A copy only prepares an operand of its node; the step that computes the node shows them all.
  if (std::holds_alternative<step::Copy>(step.op)) return;
  for (const Site& site : sites) {
    const auto operand = static_cast<std::size_t>(site.operand);
    if (site.node != step.node || operand >= step.in.size()) continue;
    const View& view = step.in[operand];
    if (view.dtype != DType::kF32) continue;
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

Session::Session(std::shared_ptr<const Plan> plan, const SessionOptions& options)
    : impl_(std::make_unique<Impl>(std::move(plan), options)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

std::span<const Tensor> Session::run(std::span<const Tensor> inputs) {
  impl_->bind(inputs);
  const ThreadCount count(impl_->options.threads);
  for (std::size_t i = 0; i < impl_->kernels.size(); ++i) impl_->run_step(i);
  return impl_->outputs;
}

std::span<const Tensor> Session::run(std::span<const Tensor> inputs, std::span<const Site> sites,
                                     const Tap& tap) {
  impl_->bind(inputs);
  const ThreadCount count(impl_->options.threads);
  for (std::size_t i = 0; i < impl_->kernels.size(); ++i) {
    impl_->observe(impl_->plan->steps[i], sites, tap);
    impl_->run_step(i);
  }
  return impl_->outputs;
}

const Plan& Session::plan() const {
  return *impl_->plan;
}

int Session::threads() const {
  return impl_->options.threads;
}

}  // namespace vitq
