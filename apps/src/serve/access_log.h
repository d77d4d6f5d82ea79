// SPDX-License-Identifier: Apache-2.0
// A line of JSON on standard error for each request that was answered.
#pragma once

#include <string>

#include "serve/http/message.h"

namespace vitq::apps {

struct AccessEntry {
  std::string model;  // empty where there is none
  int status = 0;
  std::size_t bytes = 0;  // of the answer's body
  double milliseconds = 0.0;
  std::string error = {};  // why it was refused
};

void log_access(const HttpRequest& request, const AccessEntry& entry);
// The same for what happens to the server itself, such as a reload.
void log_event(const std::string& event, const std::string& detail);

}  // namespace vitq::apps
