// SPDX-License-Identifier: Apache-2.0
// What vit_infer does.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "answer.h"
#include "attention.h"
#include "vitq/image.h"
#include "vitq/session.h"

namespace vitq::apps {

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
  std::optional<std::size_t> top;  // classifiers; default: 5
  std::optional<float> threshold;  // detectors; default: 0.5
  std::size_t batch = 1;
  Format format = Format::kText;
  std::filesystem::path output;
  bool timing = false;
  bool profile = false;
  bool explain = false;
  bool check_range = false;
  std::filesystem::path annotate;  // a PNG, or for several images a folder
  std::filesystem::path dump;
  AttentionJob attention;
  Overwrite overwrite = Overwrite::kNo;
  SessionOptions session;
};

void declare(CLI::App& app, InferJob& job);
// Answers the exit code. Throws UsageError for options that do not go together, and all that
// loading a model and reading an image may throw.
int run(const InferJob& job);

}  // namespace vitq::apps
