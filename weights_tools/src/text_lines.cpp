// SPDX-License-Identifier: Apache-2.0
#include "vitq/text_lines.h"

#include <fstream>

#include "vitq/error.h"

namespace vitq {

std::vector<std::string> read_lines(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in || !std::filesystem::is_regular_file(path)) {
    throw FileError(Fault::kUnreadable, path.string(), "cannot be opened, or is no regular file");
  }
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    if (lines.empty() && line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
    if (line.ends_with('\r')) line.pop_back();
    lines.push_back(line);
    if (line.find('\0') == std::string::npos) continue;
    throw FileError(Fault::kMalformed, path.string(),
                    "line " + std::to_string(lines.size()) + ": a NUL byte; expected UTF-8 text");
  }
  return lines;
}

}  // namespace vitq
