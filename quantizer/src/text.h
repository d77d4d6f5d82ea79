// SPDX-License-Identifier: Apache-2.0
// Messages put together from parts.
#pragma once

#include <sstream>
#include <string>

namespace vitq {

template <typename... Parts>
std::string text_of(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

}  // namespace vitq
