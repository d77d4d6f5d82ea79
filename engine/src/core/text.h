// SPDX-License-Identifier: Apache-2.0
// Messages are put together with cat("expected ", n, " bytes"), in every locale the same.
#pragma once

#include <locale>
#include <sstream>
#include <string>

namespace vitq {

template <typename... Parts>
std::string cat(const Parts&... parts) {
  std::ostringstream out;
  out.imbue(std::locale::classic());
  (out << ... << parts);
  return out.str();
}

}  // namespace vitq
