// SPDX-License-Identifier: Apache-2.0
// Bodies of kind multipart/form-data (RFC 7578), as forms of browsers and `curl -F` send them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vitq::apps {

struct Part {
  std::string name;       // of the form's field
  bool file = false;      // it has a file's name, which nobody reads
  std::string_view data;  // in the body
};

bool is_multipart(std::string_view content_type);

// Throws HttpError (400) for what is no such body. At most 100 parts are read.
std::vector<Part> parse_multipart(std::string_view content_type, std::string_view body);

}  // namespace vitq::apps
