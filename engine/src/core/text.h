// SPDX-License-Identifier: Apache-2.0
// Messages are put together with cat("expected ", n, " bytes"), in every locale the same.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

namespace vitq {

// They add a part to a text. Numbers are written as a stream does it.
void append(std::string& text, std::string_view part);
void append(std::string& text, char part);
void append(std::string& text, double part);
template <std::integral Number>
void append(std::string& text, Number part) {
  append(text, std::string_view(std::to_string(part)));
}

template <typename... Parts>
std::string cat(const Parts&... parts) {
  std::string text;
  (append(text, parts), ...);
  return text;
}

}  // namespace vitq
