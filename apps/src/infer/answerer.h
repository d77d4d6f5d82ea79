// SPDX-License-Identifier: Apache-2.0
// What vit_infer does with images until their answers are there. Nothing of it changes, so several
// threads may do it at the same time.
#pragma once

#include <exception>
#include <span>
#include <string>
#include <vector>

#include "common/answer.h"
#include "infer/options.h"
#include "vitq/error.h"

namespace vitq::apps {

// An image on its way.
struct QueuedImage {
  Answer answer;
  Image pixels;  // as the network wants them; empty if the image could not be read
  Image image;   // as it was read, where something will be drawn on it
};

// What went through the network in one go, and what came out.
struct NetworkRun {
  Tensor input;
  std::vector<Tensor> outputs;
};

// Images that follow each other.
struct Batch {
  std::vector<QueuedImage> images;
  std::vector<NetworkRun> runs;
  std::vector<std::string> messages;     // why images have no answer
  std::exception_ptr failure = nullptr;  // what ends the job after these images
};

class Answerer {
 public:
  // `job` and `info`, whose labels are those to answer with, outlive this.
  Answerer(const InferJob& job, Model model, const ModelInfo& info, bool keeps_images);

  const Model& model() const { return model_; }

  // Reads and prepares images. Unless the job is to keep going, the first that fails is the end.
  Batch read(std::span<const std::string> inputs) const;
  // Finds the answers of what could be read. Throws what the network throws, unless the job is to
  // keep going.
  void run(Batch& batch) const;
  // Runs the network and puts what it says to the answers, one for each image of the input.
  NetworkRun run(Tensor input, const Tensor* mask, std::span<Answer* const> answers) const;

 private:
  // Images of one size, which run through the network together.
  struct Group {
    std::vector<Image> pixels;
    std::vector<Answer*> answers;
  };

  void add(const std::string& input, Batch& batch) const;
  void read_and_prepare(const std::string& input, QueuedImage& queued) const;
  void run_group(const Group& group, Batch& batch) const;

  const InferJob& job_;
  Model model_;
  const ModelInfo& info_;
  bool keeps_images_;
};

}  // namespace vitq::apps
