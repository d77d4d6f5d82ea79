// SPDX-License-Identifier: Apache-2.0
// Steps whose shares are primitives. Their scratchpads are parts of the workspace.
#include <algorithm>
#include <exception>

#include "core/parallel.h"
#include "kernels/onednn/onednn.h"

namespace vitq {
namespace {

// Cache lines are fetched in pairs: so far apart, no thread waits for another's.
constexpr std::int64_t kSlotsApart = 128;

}  // namespace

struct OneDnnKernel::State : KernelState {
  // Handles of a share's arguments, which a run points at the session's buffers.
  struct Handles {
    Handles(const OneDnn& onednn, const OneDnnShare& share)
        : stream(onednn.engine), scratchpad(share.scratchpad, onednn.engine, nullptr) {
      for (const OneDnnShare::Argument& argument : share.bound) {
        bound.emplace_back(argument.desc, onednn.engine, nullptr);
        arguments.push_back({argument.index, bound.back().get()});
      }
      for (const auto& [index, memory] : share.held) arguments.push_back({index, memory.get()});
      arguments.push_back({DNNL_ARG_SCRATCHPAD, scratchpad.get()});
    }

    dnnl::stream stream;
    dnnl::memory scratchpad;
    std::vector<dnnl::memory> bound;
    std::vector<dnnl_exec_arg_t> arguments;
  };

  std::vector<Handles> shares;
};

OneDnnKernel::OneDnnKernel(std::shared_ptr<OneDnn> onednn, std::vector<OneDnnShare> shares,
                           std::string name, std::int64_t images)
    : onednn_(std::move(onednn)),
      shares_(std::move(shares)),
      name_(std::move(name)),
      images_(images) {
  for (const OneDnnShare& share : shares_) {
    const auto bytes = static_cast<std::int64_t>(share.scratchpad.get_size());
    slot_bytes_ = std::max(slot_bytes_, (bytes + kSlotsApart - 1) / kSlotsApart * kSlotsApart);
  }
}

std::int64_t OneDnnKernel::workspace_bytes() const {
  return slot_bytes_ * static_cast<std::int64_t>(shares_.size());
}

std::unique_ptr<KernelState> OneDnnKernel::make_state() const {
  auto state = std::make_unique<State>();
  for (const OneDnnShare& share : shares_) state->shares.emplace_back(*onednn_, share);
  return state;
}

void OneDnnKernel::run(const Run& run) const noexcept {
  parallel_for(run.team, static_cast<std::int64_t>(shares_.size()),
               [&](std::int64_t share) { run_share(run, static_cast<std::size_t>(share)); });
}

void OneDnnKernel::run_share(const Run& run, std::size_t index) const {
  const OneDnnShare& share = shares_[index];
  State::Handles& handles = static_cast<State&>(*run.state).shares[index];
  handles.scratchpad.set_data_handle(run.workspace +
                                     slot_bytes_ * static_cast<std::int64_t>(index));
  for (std::int64_t image = 0; image < images_; ++image) {
    for (std::size_t i = 0; i < share.bound.size(); ++i) {
      const auto& [argument, view, desc, image_stride] = share.bound[i];
      std::byte* data =
          run.buffers[static_cast<std::size_t>(view.buffer)] +
          (view.offset + image * image_stride) * static_cast<std::int64_t>(size_of(view.dtype));
      handles.bound[i].set_data_handle(data);
    }
    // The C function: the C++ one builds a vector of arguments in every call.
    const dnnl_status_t status = dnnl_primitive_execute(share.primitive.get(), handles.stream.get(),
                                                        static_cast<int>(handles.arguments.size()),
                                                        handles.arguments.data());
    if (status != dnnl_success) std::terminate();
  }
}

std::vector<IndexRange> shared_out(std::int64_t count, int threads) {
  const std::int64_t parts = std::min<std::int64_t>(count, threads);
  std::vector<IndexRange> ranges;
  for (std::int64_t i = 0; i < parts; ++i) {
    ranges.push_back({count * i / parts, count * (i + 1) / parts});
  }
  return ranges;
}

}  // namespace vitq
