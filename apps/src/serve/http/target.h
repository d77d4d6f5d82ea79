// SPDX-License-Identifier: Apache-2.0
// The target of a request: "/v1/classify?model=deit&top=5".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vitq::apps {

struct Target {
  std::string path;                   // as sent
  std::vector<std::string> segments;  // of the path, decoded: "v1", "classify"
  std::map<std::string, std::string> query;

  // These read members of the query and throw HttpError (400) for other values.
  std::int64_t integer(const std::string& name, std::int64_t usual, std::int64_t min,
                       std::int64_t max) const;
  double number(const std::string& name, double usual, double min, double max) const;
  // Throws HttpError (400) for a member that is none of these.
  void require_known(std::span<const std::string_view> names) const;
};

// Throws HttpError (400) for what is no path with a query: bad escapes, control characters, a
// member that comes twice.
Target parse_target(std::string_view text);

}  // namespace vitq::apps
