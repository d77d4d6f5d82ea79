// SPDX-License-Identifier: Apache-2.0
#include "config_read.h"

#include <algorithm>
#include <array>

#include "vitq/error.h"

namespace vitq {

const Shape& shape_of(const Weights& weights, std::string_view name, int rank) {
  const Shape& shape = weights.at(name).shape();
  const bool empty = shape.elements() == 0;
  if (shape.rank() != rank || empty) {
    throw WeightError("misshaped: " + std::string(name) + ": expected " + std::to_string(rank) +
                      " axes longer than 0, found " + shape.str());
  }
  return shape;
}

std::int64_t count_of(const Weights& weights, const std::string& prefix,
                      const std::string& suffix) {
  const auto name = [&](std::int64_t i) {
    std::string joined = prefix;
    return joined.append(std::to_string(i)).append(suffix);
  };
  std::int64_t count = 0;
  while (weights.find(name(count)) != nullptr) ++count;
  if (count == 0) throw WeightError("missing: " + name(0));
  return count;
}

bool is_set(const Json& json, std::string_view key) {
  const auto value = json.find(key);
  return value && value->boolean();
}

void require_same(const Json& source, std::string_view key, std::int64_t found) {
  const auto stated = source.find(key);
  if (!stated || (stated->is_number() && stated->number() == static_cast<double>(found))) return;
  stated->fail("found " + stated->dump() + ", but the tensors say " + std::to_string(found));
}

void require_same(const Json& source, std::string_view key, bool found) {
  const auto stated = source.find(key);
  if (!stated || stated->boolean() == found) return;
  stated->fail("found " + stated->dump() + ", but the tensors say otherwise");
}

namespace {

struct Activation {
  std::string_view name;
  Act act;
};
// The first name of each is that of model files. The others are transformers'.
constexpr std::array kNames = {
    Activation{"gelu", Act::kGelu},
    Activation{"gelu_python", Act::kGelu},
    Activation{"relu", Act::kRelu},
    Activation{"gelu_tanh", Act::kGeluTanh},
    Activation{"gelu_pytorch_tanh", Act::kGeluTanh},
    Activation{"gelu_new", Act::kGeluTanh},
    Activation{"quick_gelu", Act::kQuickGelu},
    Activation{"silu", Act::kSilu},
    Activation{"swish", Act::kSilu},
};

}  // namespace

Act read_act(const Json& json) {
  const std::string name = json.is_null() ? "gelu" : json.string();
  for (const Activation& each : kNames) {
    if (each.name == name) return each.act;
  }
  std::string known;
  for (const Activation& each : kNames)
    known += (known.empty() ? "" : ", ") + std::string(each.name);
  throw UnsupportedError(json.place() + ": activation '" + name + "'; known: " + known);
}

std::string_view name_of(Act act) {
  return std::ranges::find(kNames, act, &Activation::act)->name;
}

}  // namespace vitq
