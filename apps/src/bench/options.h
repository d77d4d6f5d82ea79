// SPDX-License-Identifier: Apache-2.0
// These are the options of vit_bench.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "bench/measure.h"
#include "vitq/weights.h"

// NOLINTNEXTLINE(readability-identifier-naming): the name is CLI11's
namespace CLI {
class App;
}

namespace vitq::apps {

struct BenchJob {
  std::vector<std::string> models;
  std::vector<std::int64_t> batches = {1};
  std::vector<int> threads;  // empty: as the other programs decide
  std::string format = "md";
  std::filesystem::path trace;
  BenchConfig config;  // what all measurements share
  Overwrite overwrite = Overwrite::kNo;
};

void declare(CLI::App& app, BenchJob& job);

}  // namespace vitq::apps
