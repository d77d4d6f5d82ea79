// SPDX-License-Identifier: Apache-2.0
// What an Executable and a Session hold.
#pragma once

#include <memory>
#include <vector>

#include "core/team.h"
#include "kernels/kernel.h"
#include "vitq/session.h"

namespace vitq {

struct Executable::Impl {
  std::shared_ptr<const Plan> plan;
  SessionOptions options;                              // threads resolved
  std::shared_ptr<WeightCache> cache;                  // kernels refer to it
  std::vector<std::unique_ptr<const Kernel>> kernels;  // one per step
  std::int64_t workspace_bytes = 0;                    // the most that a kernel needs

  Impl(std::shared_ptr<const Plan> shared_plan, const SessionOptions& session_options,
       std::shared_ptr<WeightCache> shared_cache);
};

struct Session::Impl {
  std::shared_ptr<const Executable> executable;
  const Plan& plan;
  const Executable::Impl& shared;
  Tensor arena, workspace;
  std::vector<std::unique_ptr<KernelState>> states;  // one per step
  std::vector<std::byte*> buffers;
  std::vector<Tensor> outputs;
  std::vector<double> milliseconds;
  Team team;

  Impl(std::shared_ptr<const Executable> runs, const Executable::Impl& its);
  void bind(std::span<const Tensor> inputs);
  void run_step(std::size_t index) noexcept;
  void observe(const Step& step, std::span<const Site> sites, const Tap& tap) const;
};

}  // namespace vitq
