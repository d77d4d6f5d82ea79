// SPDX-License-Identifier: Apache-2.0
// These are the options of vit_inspect.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "vitq/image.h"

// NOLINTNEXTLINE(readability-identifier-naming): the name is CLI11's
namespace CLI {
class App;
}

namespace vitq::apps {

struct InspectJob {
  std::vector<std::filesystem::path> files;  // with `compare`: reference, model and image
  bool compare = false;
  ImageLimits image_limits;
  int threads = 1;
  std::string format = "text";
  std::string graph;  // "text" or "dot": show the network's graph instead
  bool verify = false;
};

void declare(CLI::App& app, InspectJob& job);
// Throws UsageError for options that do not go together.
void require_sense(const InspectJob& job);

}  // namespace vitq::apps
