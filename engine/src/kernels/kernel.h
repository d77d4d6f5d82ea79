// SPDX-License-Identifier: Apache-2.0
// How a step runs. A backend is an ordered list of makers: the first that answers wins.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "kernels/rows/rows.h"
#include "vitq/plan.h"

namespace vitq {

// Where every buffer of the plan lies during a run.
using Buffers = std::span<std::byte* const>;

template <typename T>
T* data_of(Buffers buffers, const View& view) {
  return reinterpret_cast<T*>(buffers[static_cast<std::size_t>(view.buffer)]) + view.offset;
}

class Kernel {
 public:
  Kernel() = default;
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;
  virtual ~Kernel() = default;

  // Computes the step. Allocates nothing.
  virtual void run(Buffers buffers) noexcept = 0;
  // The implementation, for --explain: "brg:avx512_core", "reference".
  virtual std::string name() const = 0;
};

class OneDnn;  // kernels/onednn/onednn.h

struct KernelContext {
  const Plan& plan;
  int threads = 1;
  const RowKernels& rows;
  std::shared_ptr<OneDnn> onednn;  // null in the reference backend

  // A constant operand's values.
  const Tensor& constant(const View& view) const {
    const Buffer& buffer = plan.buffers[static_cast<std::size_t>(view.buffer)];
    return plan.constants[static_cast<std::size_t>(buffer.offset)];
  }
  bool is_constant(const View& view) const {
    return plan.buffers[static_cast<std::size_t>(view.buffer)].home == Buffer::Home::kConstant;
  }
};

// Null if the maker does not apply to the step.
using MakeKernel = std::unique_ptr<Kernel> (*)(const Step& step, const KernelContext& context);

}  // namespace vitq
