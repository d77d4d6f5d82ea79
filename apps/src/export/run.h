// SPDX-License-Identifier: Apache-2.0
// What vit_export is asked for, and does.
#pragma once

#include <filesystem>
#include <optional>

#include "vitq/detection.h"
#include "vitq/weights.h"

// NOLINTNEXTLINE(readability-identifier-naming): the name is CLI11's
namespace CLI {
class App;
}

namespace vitq::apps {

struct ExportJob {
  std::filesystem::path model;
  std::filesystem::path folder;
  std::optional<ImageSize> size;
  Overwrite overwrite = Overwrite::kNo;
};

void declare(CLI::App& app, ExportJob& job);
int run(const ExportJob& job);

}  // namespace vitq::apps
