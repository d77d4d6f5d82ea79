// SPDX-License-Identifier: Apache-2.0
// Messages and names put together from parts. They are the same in every locale: the global one may
// write 1,000 for 1000.
#pragma once

#include <locale>
#include <sstream>
#include <string>

namespace vitq {

template <typename... Parts>
std::string text_of(const Parts&... parts) {
  std::ostringstream out;
  out.imbue(std::locale::classic());
  (out << ... << parts);
  return out.str();
}

}  // namespace vitq
