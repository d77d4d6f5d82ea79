// SPDX-License-Identifier: Apache-2.0
// One run of vit_infer: images or a tensor in, answers out.
//
// Images are read into a queue. As soon as the queue is full, it is flushed. Images of equal size
// run through the network together, the outputs are interpreted, and the answers are written in the
// order of the images. What is made of the whole run is written at the end.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/output.h"
#include "common/range_check.h"
#include "infer/answer.h"
#include "infer/dump.h"
#include "infer/feature_files.h"
#include "infer/options.h"
#include "infer/png_files.h"
#include "vitq/error.h"

namespace vitq::apps {

class Pipeline {
 public:
  // Loads the model. Nothing is written yet, but what could not be written is refused.
  Pipeline(const InferJob& job, const std::filesystem::path& model);

  // Both answer the exit code: whether some image failed. They throw at the first failure unless
  // the job is to keep going.
  int run_images(const std::vector<std::string>& inputs);
  int run_tensor();
  std::string explain();

 private:
  struct QueuedImage {
    Answer answer;
    Image pixels;  // as the network wants them; empty if the image could not be read
    Image image;   // as it was read, where boxes will be drawn on it
  };
  // Images of one size, which run through the network together.
  struct Group {
    std::vector<Image> pixels;
    std::vector<Answer*> answers;
  };

  // The stages, in the order in which an image passes them.
  void enqueue(const std::string& input);
  void read_and_prepare(const std::string& input, QueuedImage& queued);
  void flush_queue();
  void run_queue();
  void run_group(const Group& group);
  void run_network(const Tensor& input, std::span<Answer* const> answers);
  void interpret(std::span<const Tensor> outputs, std::size_t row, Answer& answer) const;
  void keep(const Tensor& input, std::span<const Tensor> outputs);
  void write_queue();
  int finish();

  // The error becomes the answer of these images, in place of the stages that are left.
  void record_failure(const Error& error, std::span<Answer* const> answers);

  const InferJob& job_;
  std::filesystem::path path_;
  Output output_;
  Model model_;
  ModelInfo info_;
  AnswerWriter writer_;
  std::optional<Dump> dump_;
  std::optional<FeatureFiles> features_;
  std::optional<Tensor> mask_;  // of prepared images
  std::optional<RangeCheck> check_;
  std::optional<PngFiles> annotations_;
  std::vector<QueuedImage> queue_;
  std::size_t ready_ = 0;  // images in the queue that could be read
  bool failed_ = false;
  Image last_image_;   // for the image of attention, or of components
  Tensor last_input_;  // for the profile
};

}  // namespace vitq::apps
