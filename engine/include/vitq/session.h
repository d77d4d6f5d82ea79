// SPDX-License-Identifier: Apache-2.0
// Runs a Plan: an Executable has one kernel per step, a Session the memory to run it in.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "vitq/lower.h"
#include "vitq/tensor.h"

namespace vitq {

struct SessionOptions {
  int threads = 0;  // 0: as many as this process may use
  Backend backend = Backend::kFast;
  bool profile = false;  // time every step
  // The most that intermediate results may take; 0: what the machine can give.
  std::int64_t memory_bytes = 0;
};

// Called before a step whose operand is observed, with the operand's values, dense; not for
// operands that are held as codes.
using Tap = std::function<void(Site site, const Tensor& values)>;

// What one step is and has cost.
struct StepProfile {
  std::string name;
  std::string op;
  std::string kernel;  // the implementation chosen
  std::string shape;   // of the result
  std::int64_t macs = 0;
  std::int64_t bytes = 0;     // read and written
  double milliseconds = 0.0;  // of all runs since construction, if profiling
};

// A plan with a kernel for each of its steps: immutable, shared by all sessions that run it.
class Executable {
 public:
  // Makes every kernel. Weights are packed once for all executables of one `cache`, whatever their
  // batch, image size and threads; null: a cache of its own. Throws UnsupportedError if no kernel
  // can run a step, IsaError if VITQ_ISA names no instruction set.
  Executable(std::shared_ptr<const Plan> plan, const SessionOptions& options,
             std::shared_ptr<WeightCache> cache = nullptr);
  ~Executable();

  const Plan& plan() const;
  int threads() const;  // resolved

 private:
  friend class Session;
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

// Runs an Executable: holds its activations and nothing else. Not thread-safe; every thread has its
// own, and those that share an Executable share its weights.
class Session {
 public:
  // Throws LimitError before it takes any memory if there is less than it needs, saying how much
  // that is.
  explicit Session(std::shared_ptr<const Executable> executable);
  // With an Executable of its own.
  Session(std::shared_ptr<const Plan> plan, const SessionOptions& options);
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  // The plan's outputs for these inputs, valid until the next run. Allocates nothing. Throws
  // ShapeError if the inputs do not have the plan's shapes and element types.
  std::span<const Tensor> run(std::span<const Tensor> inputs);
  std::span<const Tensor> run(const Tensor& input) { return run({&input, 1}); }

  // Runs, handing the operands `sites` of every step to `tap`. Allocates.
  std::span<const Tensor> run(std::span<const Tensor> inputs, std::span<const Site> sites,
                              const Tap& tap);

  const Plan& plan() const;
  int threads() const;
  std::int64_t bytes() const;  // of memory that no other session uses
  std::vector<StepProfile> profile() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The instruction set and libraries in use, for reports: "avx512_vnni", "oneDNN 2.6.3".
std::string isa_in_use();
std::string library_versions();
// How many threads a session uses when it is not told: what affinity and cgroup quota allow. Where
// there are big and little cores, only the big ones count.
int default_threads();

}  // namespace vitq
