// SPDX-License-Identifier: Apache-2.0
// Names of classes come in text files. A line has the name of one class, or it starts with its id.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace vitq {

// What a file says of one class, column by column. There is none where it does not say the class.
using LabelColumns = std::vector<std::string>;

// Reads a text file of lines `name`, one for each of `classes`; an empty one is a class without a
// name. Where the first line has a tab, lines are `id<TAB>...<TAB>name`, in any order, with ids
// below `classes`; a class may be missing. A byte-order mark and CRs before line ends say nothing.
// Throws FileError, which names the line.
std::vector<LabelColumns> read_label_columns(const std::filesystem::path& path,
                                             std::int64_t classes);

// The same, but only each class's name, which is the last column; empty for a class without one.
std::vector<std::string> read_labels(const std::filesystem::path& path, std::int64_t classes);

}  // namespace vitq
