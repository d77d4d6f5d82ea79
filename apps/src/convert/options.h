// SPDX-License-Identifier: Apache-2.0
// These are the options of vit_convert.
#pragma once

#include <filesystem>

#include "vitq/convert.h"

// NOLINTNEXTLINE(readability-identifier-naming): the name is CLI11's
namespace CLI {
class App;
}

namespace vitq::apps {

struct ConvertJob {
  std::filesystem::path source;
  std::filesystem::path output;
  Overwrite overwrite = Overwrite::kNo;
  ConvertOptions options;
};

void declare(CLI::App& app, ConvertJob& job);

}  // namespace vitq::apps
