// SPDX-License-Identifier: Apache-2.0
// What vit_inspect does.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <vector>

namespace vitq::apps {

struct InspectJob {
  std::vector<std::filesystem::path> files;  // with `compare`: reference, model and image
  bool compare = false;
  int threads = 1;
  std::string format = "text";
  std::string graph;  // "text" or "dot": show the network's graph instead
  bool verify = false;
};

void declare(CLI::App& app, InspectJob& job);
// Answers the exit code. Throws UsageError for options that do not go together, and what reading
// the file throws; FileError(kMismatch) if the checksum
// is to be verified and differs.
int run(const InspectJob& job);

}  // namespace vitq::apps
