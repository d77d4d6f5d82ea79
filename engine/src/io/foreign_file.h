// SPDX-License-Identifier: Apache-2.0
// What stands in a file that is not what it should be: most often a failed download or a pickle.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace vitq {

// Says what the file is, judged by its first bytes, and what to do. It is empty if that is unknown.
std::string foreign_file(std::span<const std::byte> file);

}  // namespace vitq
