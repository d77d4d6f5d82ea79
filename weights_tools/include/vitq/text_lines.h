// SPDX-License-Identifier: Apache-2.0
// Lists in text files, as editors of any system write them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace vitq {

// Reads the lines of a regular file without their ends, CRs and a byte-order mark at the start.
// Throws FileError if it cannot be read or, naming the line, if it holds a NUL.
std::vector<std::string> read_lines(const std::filesystem::path& path);

}  // namespace vitq
