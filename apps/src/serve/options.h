// SPDX-License-Identifier: Apache-2.0
// The options of vit_serve.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "serve/batcher.h"
#include "serve/http/server.h"
#include "vitq/image.h"
#include "vitq/session.h"

// NOLINTNEXTLINE(readability-identifier-naming): the name is CLI11's
namespace CLI {
class App;
}

namespace vitq::apps {

struct ServeJob {
  std::vector<std::string> models;
  HttpOptions http;
  BatchOptions batches;
  std::int64_t max_delay_us = 0;
  std::int64_t timeout_ms = 30'000;
  ImageLimits image_limits;
  std::filesystem::path token_file;
  bool quiet = false;
  SessionOptions session;
};

void declare(CLI::App& app, ServeJob& job);

}  // namespace vitq::apps
