// SPDX-License-Identifier: Apache-2.0
// One run of vit_infer: images or tensors in, batch by batch, answers out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "answer.h"
#include "dump.h"
#include "image_files.h"
#include "infer.h"
#include "output.h"
#include "range_check.h"
#include "vitq/error.h"

namespace vitq::apps {

class Inference {
 public:
  // Loads the model; nothing is written yet, but what could not be written is refused.
  Inference(const InferJob& job, const std::filesystem::path& model);

  // The exit code: whether some image failed. Throws at the first if it must not go on.
  int run_images(const std::vector<std::string>& inputs);
  int run_tensor();
  std::string explain();

 private:
  struct Pending {
    Answer answer;
    Image pixels;  // empty if the image could not be read
    Image image;   // as it was read, where it will be drawn on
  };

  void take(const std::string& input);
  void read(const std::string& input, Pending& pending);
  void run_batch();
  // Images of equal size, their pixels not floats yet. With --keep-going, what exceeds a limit is
  // an error in their answers.
  void answer(std::span<const Image> pixels, std::span<Answer*> answers);
  void answer(const Tensor& input, std::span<Answer*> answers);
  void fail(const Error& error, std::span<Answer*> answers);
  // What the outputs say of the image in that row of the batch.
  void find(std::span<const Tensor> outputs, std::size_t row, Answer& answer) const;
  int finish();
  void write_attention();
  // The objects of the prepared image whose attention is wanted. Throws UsageError if there are
  // none.
  std::vector<Detection> attending(const Tensor& input);

  const InferJob& job_;
  std::filesystem::path path_;
  Output output_;
  Model model_;
  ModelInfo info_;
  AnswerWriter writer_;
  std::optional<Dump> dump_;
  std::optional<Tensor> mask_;  // of prepared images
  std::optional<RangeCheck> check_;
  std::optional<ImageFiles> annotations_;
  std::vector<Pending> pending_;
  std::size_t ready_ = 0;  // pending images that could be read
  bool failed_ = false;
  Image image_;        // for the attention map
  Tensor last_input_;  // for the profile
};

}  // namespace vitq::apps
