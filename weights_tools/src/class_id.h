// SPDX-License-Identifier: Apache-2.0
// The id of a class as files write it.
#pragma once

#include <optional>
#include <string_view>

namespace vitq {

// Reads a number below a million, of at most seven digits. Answers nothing if the text is none.
std::optional<std::size_t> class_id(std::string_view text);

}  // namespace vitq
