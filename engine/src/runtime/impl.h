// SPDX-License-Identifier: Apache-2.0
// What a Session holds.
#pragma once

#include <memory>
#include <vector>

#include "kernels/kernel.h"
#include "vitq/session.h"

namespace vitq {

struct Session::Impl {
  std::shared_ptr<const Plan> plan;
  SessionOptions options;
  Tensor arena;
  std::vector<std::unique_ptr<Kernel>> kernels;
  std::vector<std::byte*> buffers;
  std::vector<Tensor> outputs;
  std::vector<double> milliseconds;

  Impl(std::shared_ptr<const Plan> shared_plan, const SessionOptions& session_options);
  void bind(std::span<const Tensor> inputs);
  void run_step(std::size_t index) noexcept;
  void observe(const Step& step, std::span<const Site> sites, const Tap& tap) const;
};

}  // namespace vitq
