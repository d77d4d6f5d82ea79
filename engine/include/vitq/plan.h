// SPDX-License-Identifier: Apache-2.0
// The executable form of a graph: a list of steps over strided views of buffers. Element-wise work
// is fused into the products that feed it, and every buffer has its place in one arena. A Plan is
// immutable and may be shared between threads; a Session (vitq/session.h) runs it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vitq/step.h"
#include "vitq/tensor.h"

namespace vitq {

struct Buffer {
  enum class Home : std::uint8_t { kArena, kConstant, kInput };

  Home home = Home::kArena;
  std::int64_t bytes = 0;
  std::int64_t offset = 0;  // in the arena; otherwise the index of the constant or input
};

struct PlanInput {
  Shape shape;
  DType dtype = DType::kF32;  // u8 where the network reads the bytes of an image
};

struct PlanOutput {
  std::string name;
  View view;  // dense, row-major
};

struct Plan {
  std::vector<Step> steps;
  std::vector<Buffer> buffers;
  std::vector<Tensor> constants;
  std::vector<PlanInput> inputs;
  std::vector<PlanOutput> outputs;
  std::int64_t arena_bytes = 0;
};

}  // namespace vitq
