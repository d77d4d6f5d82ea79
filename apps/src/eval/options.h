// SPDX-License-Identifier: Apache-2.0
// These are the options of vit_eval.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "vitq/image.h"
#include "vitq/session.h"

// NOLINTNEXTLINE(readability-identifier-naming): the name is CLI11's
namespace CLI {
class App;
}

namespace vitq::apps {

struct EvalJob {
  std::string model;
  std::string against;
  std::string images;
  std::string labels;
  std::string coco;
  std::optional<std::size_t> neighbours;  // models without a head: that vote
  std::string preprocessor;
  ImageLimits image_limits;
  std::size_t limit = 0;  // 0: all
  std::int64_t batch = 8;
  bool check_range = false;
  std::string format = "text";
  bool each = false;
  std::string classes;
  bool ignore_unmatched = false;
  bool keep_going = false;
  SessionOptions session;
};

void declare(CLI::App& app, EvalJob& job);

}  // namespace vitq::apps
