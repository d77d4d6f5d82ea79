// SPDX-License-Identifier: Apache-2.0
// Messages are put together with cat("expected ", n, " bytes").
#pragma once

#include <sstream>
#include <string>

namespace vitq {

template <typename... Parts>
std::string cat(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

}  // namespace vitq
