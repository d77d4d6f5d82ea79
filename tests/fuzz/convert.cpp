// SPDX-License-Identifier: Apache-2.0
// Whatever checkpoint is converted, its description can be read back, the same. The input is JSON:
// a golden checkpoint's name under "base", and what differs from it. Shapes stand by tensor name
// under "tensors" (null takes the tensor away). "config" and "preprocessor" stand in place of its
// files.
#include "vitq/convert.h"

#include <map>

#include "fuzz/target.h"
#include "vitq/error.h"

namespace {

using vitq::Checkpoint;
using vitq::Json;

constexpr std::int64_t kMaxElements = 1 << 16;

vitq::Tensor zeros(const Json& axes) {
  std::vector<std::int64_t> shape;
  std::int64_t elements = 1;
  for (const Json& axis : axes.items()) {
    shape.push_back(axis.integer(0, kMaxElements));
    elements *= shape.back();
    if (elements > kMaxElements) axes.fail("too many elements for a test");
  }
  if (shape.size() > vitq::Shape::kMaxRank) axes.fail("too many axes");
  return vitq::Tensor(vitq::Shape(shape), vitq::DType::kF32);
}

Checkpoint golden(const std::string& name) {
  static std::map<std::string, Checkpoint> known;
  const auto found = known.find(name);
  if (found != known.end()) return found->second;
  const auto folder = std::filesystem::path(VITQ_GOLDEN_MODELS);
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_directory() && entry.path().filename() == name) {
      return known[name] = vitq::read_checkpoint(entry.path());
    }
  }
  return {.path = "input"};
}

Checkpoint checkpoint(const Json& json) {
  const auto base = json.find("base");
  Checkpoint made = golden(base ? base->string() : "");
  if (const auto changed = json.find("tensors")) {
    for (const auto& [name, axes] : changed->members()) {
      made.weights.tensors.erase(name);
      if (!axes.is_null()) made.weights.tensors[name] = zeros(axes);
    }
  }
  if (const auto config = json.find("config")) made.config = *config;
  if (const auto preprocessor = json.find("preprocessor")) made.preprocessor = *preprocessor;
  return made;
}

void require_readable(const vitq::Converted& made) {
  const std::string written = made.weights.metadata.at("vitq");
  try {
    const auto again = vitq::ModelInfo::from_json(Json::parse(written, "written"));
    if (again.to_json().dump() != written) __builtin_trap();
  } catch (const vitq::Error&) {
    __builtin_trap();
  }
}

}  // namespace

void check(std::span<const std::uint8_t> input) {
  require_readable(vitq::convert(checkpoint(Json::parse(as_text(input), "input")), {}));
}
