// SPDX-License-Identifier: Apache-2.0
// What embedders use: open a model file, show it images, read the answers.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "vitq/detection.h"
#include "vitq/family.h"
#include "vitq/image.h"
#include "vitq/model_info.h"
#include "vitq/preprocess.h"
#include "vitq/session.h"

namespace vitq {

struct ModelOptions {
  SessionOptions session;
  LowerOptions lower;
  bool verify = false;  // check the file's checksum
};

// A model file that is ready to run. Not thread-safe; load one per thread.
class Model {
 public:
  // Throws FileError, WeightError, UnsupportedError or LimitError.
  static Model load(const std::filesystem::path& path, const ModelOptions& options = {});

  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;
  ~Model();

  const ModelInfo& info() const;
  Task task() const;
  void set_preprocess(const Preprocess& preprocess);

  // [N, 3, H, W] as the network wants it -> its outputs, each [N, ...]; valid until the next call.
  // Throws ShapeError if a quantized network reads pixels and a value is none, LimitError naming
  // the memory that an input of this size would need if there is not so much.
  std::span<const Tensor> run(const Tensor& input);
  // The same for images padded to one size: `mask` f32 [N, H, W] is 1 where a pixel belongs to
  // its image and 0 elsewhere. Throws UnsupportedError if the family has no padded batches.
  std::span<const Tensor> run_padded(const Tensor& input, const Tensor& mask);
  // As the network sees this image.
  Tensor prepare(std::span<const Image> images) const;
  // The k most probable classes of one image.
  std::vector<Prediction> classify(const Image& image, std::size_t k = 5);
  // What a detector finds in one image with at least this probability, by falling score.
  std::vector<Detection> detect(const Image& image, float threshold = 0.5F);

  // The network for one image, for tools that look inside; of a network that takes any size, at a
  // usual one. Names and ids of nodes do not depend on the batch.
  const Graph& graph() const;
  // The session for a batch of n such images, or for an input [N, 3, H, W]. So many are kept: a
  // reference holds until sessions for kMaxSessions other inputs were asked for.
  static constexpr std::size_t kMaxSessions = 4;
  Session& session(std::int64_t n = 1);
  Session& session(const Shape& input);

 private:
  struct Impl;
  explicit Model(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace vitq
