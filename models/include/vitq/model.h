// SPDX-License-Identifier: Apache-2.0
// What embedders use: open a model file, show it images, read the answers.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "vitq/detection.h"
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

// What a network of features says of one image.
struct ImageFeatures {
  Tensor pooled;  // f32 [F]: of the whole image, as the network gives them, of any length
  Tensor tokens;  // f32 [h, w, C]: of each patch
};

// A model file that is ready to run. It never changes: its methods may be called from any number of
// threads at a time, and a copy shares all of it. Weights are packed once. A call that finds others
// at work takes activations of its own, which are kept for the next one.
class Model {
 public:
  // Throws FileError, WeightError, UnsupportedError or LimitError.
  static Model load(const std::filesystem::path& path, const ModelOptions& options = {});
  // The same of a model file that lies in memory, which is copied. Messages call it `name`.
  static Model load(std::span<const std::byte> file, const std::string& name,
                    const ModelOptions& options = {});
  // The same network, which is shown images prepared in another way.
  Model with_preprocess(const Preprocess& preprocess) const;

  // The same network and weights, of which each call takes so many threads (SessionOptions). Where
  // many images wait, one thread for each of them gets most done.
  Model with_threads(int threads) const;

  // The same network and weights, lowered in another way.
  Model with_lowering(const LowerOptions& lower) const;

  const ModelInfo& info() const;
  Task task() const;

  // These three throw UnsupportedError for a model of another task.
  //
  // The k most probable classes of one image.
  std::vector<Prediction> classify(const Image& image, std::size_t k = 5) const;
  // What a detector finds in one image with at least this probability, by falling score.
  std::vector<Detection> detect(const Image& image, float threshold = 0.5F) const;
  // What a network without a head says of one image.
  ImageFeatures features(const Image& image) const;

  // This returns images as the network takes them, [N, 3, H, W]. They are u8 pixels where it is
  // quantized and reads them (reads_pixels). Elsewhere they are f32 with the mean taken off and
  // divided by the deviation. ShapeError is thrown if prepared images differ in size.
  Tensor prepare(std::span<const Image> images) const;
  // The same of images that info().preprocess.pixels() has made already.
  Tensor input_of(std::span<const Image> pixels) const;
  bool reads_pixels() const;
  // This takes what prepare() makes of images and returns the network's outputs, each [N, ...]. It
  // throws ShapeError for another shape or type. It throws LimitError, naming the memory that an
  // input of this size would need, if there is not so much. It throws WeightError, naming the
  // output, for an answer that is infinite or no number.
  std::vector<Tensor> run(const Tensor& input) const;
  // This does the same for images padded to one size. `mask` f32 [N, H, W] is 1 where a pixel
  // belongs to its image. It is 0 elsewhere, where the input counts as 0. UnsupportedError is
  // thrown if the family has no padded batches.
  std::vector<Tensor> run_padded(const Tensor& input, const Tensor& mask) const;
  // Makes ready for inputs of this shape. Throws as run() does.
  void reserve(const Shape& input) const;

  // The network for one image, for tools that look inside; of a network that takes any size, at a
  // usual one. Names and ids of nodes do not depend on the batch.
  const Graph& graph() const;
  // A session of the caller's own for a batch of n such images, or for an input [N, 3, H, W]. It
  // shares the weights. Executables of kMaxShapes shapes are kept, those used last.
  static constexpr std::size_t kMaxShapes = 4;
  Session session(std::int64_t n = 1) const;
  Session session(const Shape& input) const;

 private:
  struct Network;
  static Model load(Weights weights, const std::string& name, const ModelOptions& options);
  Model(std::shared_ptr<const Network> network, ModelInfo info);

  std::shared_ptr<const Network> network_;
  std::shared_ptr<const ModelInfo> info_;
};

}  // namespace vitq
