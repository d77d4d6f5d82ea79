// SPDX-License-Identifier: Apache-2.0
// How a step runs. A backend is an ordered list of makers: the first that answers wins.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "kernels/rows/rows.h"
#include "plan/weight_cache.h"
#include "vitq/plan.h"

namespace vitq {

// Where every buffer of the plan lies during a run.
using Buffers = std::span<std::byte* const>;

template <typename T>
T* data_of(Buffers buffers, const View& view) {
  return reinterpret_cast<T*>(buffers[static_cast<std::size_t>(view.buffer)]) + view.offset;
}

// What one session keeps for one kernel from run to run, such as the handles of a library.
class KernelState {
 public:
  KernelState() = default;
  KernelState(const KernelState&) = delete;
  KernelState& operator=(const KernelState&) = delete;
  virtual ~KernelState() = default;
};

class Team;  // core/team.h

// What a session gives to a kernel in a run.
struct Run {
  Buffers buffers;
  std::byte* workspace = nullptr;  // workspace_bytes(), aligned to 64; of no value before or after
  KernelState* state = nullptr;    // that make_state() made for this session
  Team& team;                      // of KernelContext::threads
};

// A step that is ready to run. Immutable: any number of sessions run it at the same time.
class Kernel {
 public:
  Kernel() = default;
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;
  virtual ~Kernel() = default;

  // Computes the step. Allocates nothing.
  virtual void run(const Run& run) const noexcept = 0;
  // The memory that a run needs beside the plan's buffers.
  virtual std::int64_t workspace_bytes() const { return 0; }
  virtual std::unique_ptr<KernelState> make_state() const { return {}; }
  // The implementation, for --explain: "brg:avx512_core", "reference".
  virtual std::string name() const = 0;
};

class OneDnn;  // kernels/onednn/onednn.h

struct KernelContext {
  const Plan& plan;
  int threads = 1;
  const RowKernels& rows;
  std::shared_ptr<OneDnn> onednn;  // null where no kernel uses it
  WeightCache& cache;              // of packed weights

  // A constant operand's values.
  const Tensor& constant(const View& view) const {
    const Buffer& buffer = plan.buffers[static_cast<std::size_t>(view.buffer)];
    return plan.constants[static_cast<std::size_t>(buffer.offset)];
  }
  // The weights `source` in a layout of that name, which `make` makes unless the cache has it.
  template <typename Packed, typename Make>
  Packed packed(const Tensor& source, const std::string& layout, const Make& make) const {
    struct Entry {
      Tensor source;  // held, so that no other weights get its address
      Packed packed;
    };
    const auto address = reinterpret_cast<std::uintptr_t>(source.data());
    return cache
        .get<Entry>(layout + '@' + std::to_string(address),
                    [&] {
                      return Entry{source, make()};
                    })
        .packed;
  }
  bool is_constant(const View& view) const {
    return plan.buffers[static_cast<std::size_t>(view.buffer)].home == Buffer::Home::kConstant;
  }
};

// Null if the maker does not apply to the step.
using MakeKernel = std::unique_ptr<Kernel> (*)(const Step& step, const KernelContext& context);

}  // namespace vitq
