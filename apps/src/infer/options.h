// SPDX-License-Identifier: Apache-2.0
// These are the options of vit_infer, and the check that they go together.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "infer/answer_writer.h"
#include "infer/attention.h"
#include "vitq/image.h"
#include "vitq/session.h"

// NOLINTNEXTLINE(readability-identifier-naming): the name is CLI11's
namespace CLI {
class App;
}

namespace vitq::apps {

// What is kept of a network of features; empty: nothing.
struct FeatureJob {
  std::filesystem::path features;  // .npy [images, F]
  std::filesystem::path tokens;    // .npy [images, h, w, C]
  std::filesystem::path pca;       // a PNG
  bool wanted() const { return !features.empty() || !tokens.empty() || !pca.empty(); }
};

struct InferJob {
  std::filesystem::path model;  // empty: the default model
  std::vector<std::string> images;
  bool recursive = false;
  bool keep_going = false;
  std::filesystem::path tensor;
  std::filesystem::path mask;
  std::filesystem::path preprocessor;
  std::optional<int> size;     // networks that take any size: the shorter side
  std::optional<int> longest;  // and the most that the longer one may have
  std::filesystem::path labels;
  Exif exif = Exif::kApply;
  ImageLimits image_limits;
  std::optional<std::size_t> top;  // classifiers; default: 5
  std::optional<float> threshold;  // detectors; default: kUsualThreshold
  std::size_t batch = 1;
  Format format = Format::kText;
  std::filesystem::path coco;  // annotations, whose ids COCO's results have
  bool ignore_unmatched = false;
  std::filesystem::path output;
  bool timing = false;
  bool profile = false;
  bool explain = false;
  bool check_range = false;
  std::filesystem::path annotate;  // a PNG, or for several images a folder
  std::filesystem::path dump;
  FeatureJob features;
  AttentionJob attention;
  Overwrite overwrite = Overwrite::kNo;
  SessionOptions session;
};

void declare(CLI::App& app, InferJob& job);

// Throws UsageError for options that do not go together.
void require_sense(const InferJob& job);
// Throws UsageError for an option that only networks of another task know.
void require_sense(const InferJob& job, Task task);

}  // namespace vitq::apps
