// SPDX-License-Identifier: Apache-2.0
#include "head_file.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "numbers.h"
#include "vitq/error.h"
#include "vitq/npy.h"

namespace vitq {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kScale = "logit_scale";
constexpr std::string_view kBias = "logit_bias";
constexpr double kUsualScale = 100.0;  // where CLIP's training limits it, and ends

[[noreturn]] void refuse(const fs::path& path, const std::string& why) {
  throw WeightError(path.string() + ": " + why);
}

Weights read_tensors(const fs::path& path) {
  if (path.extension() == ".safetensors") return read_safetensors(path);
  if (path.extension() == ".npy") {
    Weights weights;
    weights.tensors["head"] = read_npy(path);
    return weights;
  }
  throw FileError(Fault::kUnreadable, path.string(), "a head is an .npy or a .safetensors file");
}

std::optional<double> number_of(const Weights& weights, std::string_view name) {
  const Tensor* tensor = weights.find(name);
  if (tensor == nullptr) return std::nullopt;
  if (tensor->shape().elements() != 1) {
    throw WeightError(std::string(name) + " is " + tensor->shape().str() + ", not one number");
  }
  const Tensor number = tensor->to_f32();
  return static_cast<double>(number.as<float>()[0]);
}

// The file's matrix and what else it has.
struct HeadFile {
  Tensor rows;
  std::optional<Tensor> bias;
};

HeadFile sorted(const fs::path& path, const Weights& weights) {
  std::optional<Tensor> rows;
  HeadFile file;
  for (const auto& [name, tensor] : weights.tensors) {
    if (name == kScale || name == kBias) continue;
    const int rank = tensor.shape().rank();
    if (rank == 2 && !rows) {
      rows = tensor.to_f32();
    } else if (rank == 1 && !file.bias) {
      file.bias = tensor.to_f32();
    } else {
      refuse(path,
             "expected one matrix [classes, features] and perhaps one bias [classes], found '" +
                 name + "' " + tensor.shape().str() + (rank <= 2 ? " beside another" : ""));
    }
  }
  if (!rows) refuse(path, "has no matrix [classes, features]");
  file.rows = *rows;
  return file;
}

void require_fit(const fs::path& path, const HeadFile& file, std::int64_t width) {
  const Shape& shape = file.rows.shape();
  if (shape[1] != width || shape[0] < 1) {
    refuse(path, "the head is " + shape.str() + ", but the network gives " + std::to_string(width) +
                     " features; expected [classes, " + std::to_string(width) + "]");
  }
  if (file.bias && file.bias->shape() != Shape{shape[0]}) {
    refuse(path,
           "the head's bias is " + file.bias->shape().str() + ", but the head " + shape.str());
  }
}

// Embeddings that were normalized in half precision are as long as 1 within a few thousandths.
bool has_unit_rows(const Tensor& rows) {
  constexpr double kRounding = 5e-3;
  const auto width = static_cast<std::size_t>(rows.shape()[1]);
  const std::span<const float> values = rows.as<float>();
  for (std::size_t begin = 0; begin < values.size(); begin += width) {
    double energy = 0.0;
    for (const float v : values.subspan(begin, width)) {
      energy += static_cast<double>(v) * static_cast<double>(v);
    }
    const bool unit = std::abs(std::sqrt(energy) - 1.0) <= kRounding;
    if (!unit) return false;
  }
  return true;
}

Tensor filled(std::int64_t count, double value) {
  Tensor tensor({count}, DType::kF32);
  std::ranges::fill(tensor.as<float>(), static_cast<float>(value));
  return tensor;
}

Tensor scaled(const Tensor& rows, double factor) {
  Tensor result = rows.clone();
  for (float& v : result.as<float>()) v = static_cast<float>(factor * static_cast<double>(v));
  return result;
}

// What the file says, or else the checkpoint.
std::optional<double> stated(const Weights& file, const Weights& checkpoint,
                             std::string_view name) {
  const std::optional<double> own = number_of(file, name);
  return own ? own : number_of(checkpoint, name);
}

UserHead zero_shot(const fs::path& path, const Tensor& rows, std::optional<double> log_scale,
                   std::optional<double> bias) {
  const std::int64_t classes = rows.shape()[0];
  const double factor = log_scale ? std::exp(*log_scale) : kUsualScale;
  if (!(factor > 0.0) || !std::isfinite(static_cast<float>(factor))) {
    refuse(path, "a logit_scale whose exponential is " + with_digits(factor, 6) +
                     "; expected its logarithm, as CLIP's 4.6052 for 100");
  }
  UserHead head;
  head.weight = scaled(rows, factor);
  head.bias = filled(classes, bias.value_or(0.0));
  head.unit = true;
  head.scores = bias ? Scores::kSigmoid : Scores::kSoftmax;
  head.text = std::to_string(classes) +
              " classes, zero-shot (its rows have length 1), logit scale " +
              with_digits(factor, 6) + (bias ? ", logit bias " + with_digits(*bias, 6) : "");
  if (!log_scale)
    head.assumption = "a logit scale of 100, as CLIP has (a tensor logit_scale says it)";
  return head;
}

}  // namespace

UserHead read_head(const fs::path& path, std::int64_t width, const Weights& checkpoint) {
  const Weights weights = read_tensors(path);
  const HeadFile file = sorted(path, weights);
  require_fit(path, file, width);
  if (!file.bias && has_unit_rows(file.rows)) {
    return zero_shot(path, file.rows, stated(weights, checkpoint, kScale),
                     stated(weights, checkpoint, kBias));
  }
  if (weights.find(kScale) != nullptr) {
    refuse(path, "has a logit_scale, but its rows do not have length 1: normalize the embeddings");
  }
  UserHead head;
  head.weight = file.rows.clone();
  head.bias = file.bias ? file.bias->clone() : filled(file.rows.shape()[0], 0.0);
  head.text = std::to_string(file.rows.shape()[0]) + " classes, linear" +
              (file.bias ? "" : ", without a bias");
  return head;
}

}  // namespace vitq
