// SPDX-License-Identifier: Apache-2.0
// README and docs/, cut into blocks of code.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "support/temp_folder.h"

namespace vitq::test {

namespace fs = std::filesystem;

inline const fs::path kRoot = fs::path(VITQ_TEST_FILES).parent_path();

inline std::vector<fs::path> documents() {
  std::vector<fs::path> found = {kRoot / "README.md"};
  for (const auto& entry : fs::directory_iterator(kRoot / "docs"))
    if (entry.path().extension() == ".md") found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  REQUIRE(found.size() > 5);
  return found;
}

struct Block {
  std::string language;
  std::string file;  // that it quotes
  std::string text;
};

inline std::vector<Block> blocks_of(const fs::path& document) {
  std::vector<Block> blocks;
  std::istringstream lines(contents_of(document));
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      inside = !inside;
      if (!inside) continue;
      std::istringstream head(line.substr(3));
      Block& block = blocks.emplace_back();
      head >> block.language >> block.file;
    } else if (inside) {
      blocks.back().text += line + "\n";
    }
  }
  return blocks;
}

}  // namespace vitq::test
