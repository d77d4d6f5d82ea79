// SPDX-License-Identifier: Apache-2.0
// What vit_inspect does.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>

namespace vitq::apps {

struct InspectJob {
  std::filesystem::path file;
  std::string format = "text";
  std::string graph;  // "text" or "dot": show the network's graph instead
  bool verify = false;
};

void declare(CLI::App& app, InspectJob& job);
// Answers the exit code. Throws what reading the file throws; FileError(kMismatch) if the checksum
// is to be verified and differs.
int run(const InspectJob& job);

}  // namespace vitq::apps
