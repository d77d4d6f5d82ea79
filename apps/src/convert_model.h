// SPDX-License-Identifier: Apache-2.0
// What vit_convert does.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>

#include "vitq/convert.h"

namespace vitq::apps {

struct ConvertJob {
  std::filesystem::path source;
  std::filesystem::path output;
  Overwrite overwrite = Overwrite::kNo;
  ConvertOptions options;
};

void declare(CLI::App& app, ConvertJob& job);
// Answers the exit code; throws what convert() throws.
int run(const ConvertJob& job);

}  // namespace vitq::apps
