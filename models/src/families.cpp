// SPDX-License-Identifier: Apache-2.0
// This is the list of families. It is explicit, because in a static library the linker drops what
// registers itself.
#include <array>

#include "detr.h"
#include "vit.h"
#include "vitq/error.h"
#include "yolos.h"

namespace vitq {

std::span<const Family> families() {
  static const std::array<Family, 5> all = {kDeit, kYolos, kVit, kConditionalDetr, kDetr};
  return all;
}

const Family& family(std::string_view name) {
  std::string known;
  for (const Family& candidate : families()) {
    if (candidate.name == name) return candidate;
    known += (known.empty() ? "" : ", ") + std::string(candidate.name);
  }
  throw UnsupportedError("unknown architecture '" + std::string(name) + "'; known: " + known);
}

Task task_of(const ModelInfo& info) {
  return class_count(info) == 0 ? Task::kFeatures : family(info.family).task;
}

}  // namespace vitq
