// SPDX-License-Identifier: Apache-2.0
// These tests hold README and docs/ against the tree. A block of code names its file after its
// language ("```cpp PATH") and repeats lines of it. The programs of the commands know the options.
// Links lead to files.
#include "docs/documents.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <regex>
#include <sstream>
#include <vector>

#include "apps/run.h"

namespace fs = std::filesystem;
using namespace vitq::test;

namespace {

// Every match's first group.
std::vector<std::string> matches(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  std::vector<std::string> found;
  for (auto at = std::sregex_iterator(text.begin(), text.end(), regex);
       at != std::sregex_iterator(); ++at)
    found.push_back((*at)[1]);
  return found;
}

const std::string& help_of(const std::string& program) {
  static std::map<std::string, std::string> known;
  std::string& help = known[program];
  if (help.empty()) help = run(program, {"--help"}).out;
  return help;
}

bool knows(const std::string& help, const std::string& option) {
  return std::regex_search(help, std::regex("(^|[\\s,])" + option + "([\\s,]|$)"));
}

}  // namespace

TEST_CASE("code in the documents is code of the tree") {
  for (const fs::path& document : documents()) {
    for (const Block& block : blocks_of(document)) {
      if (block.language != "cpp" && block.language != "cmake" && block.file.empty()) continue;
      CAPTURE(document.string());
      CAPTURE(block.file);
      REQUIRE_MESSAGE(fs::is_regular_file(kRoot / block.file), block.text);
      const std::string source = '\n' + contents_of(kRoot / block.file);
      CHECK_MESSAGE(source.find('\n' + block.text) != std::string::npos, block.text);
    }
  }
}

TEST_CASE("programs know every option that the documents give them") {
  int options = 0;
  for (const fs::path& document : documents()) {
    CAPTURE(document.string());
    std::string text = contents_of(document);
    text = std::regex_replace(text, std::regex("\\\\\n"), " ");
    for (const std::string& command : matches(text,
                                              "((?:vit_(?:infer|convert|quantize|eval|export|bench|"
                                              "inspect)) [^\n`|]*)")) {
      const std::string program = command.substr(0, command.find(' '));
      const std::string arguments = command.substr(0, command.find(" #"));
      for (const std::string& option : matches(arguments, "\\s(--?[a-z][a-z-]*)")) {
        ++options;
        CHECK_MESSAGE(knows(help_of(program), option), command, " has ", option);
      }
    }
  }
  CHECK(options > 40);
}

TEST_CASE("commands of ./dev and presets in the documents exist") {
  const std::string dev = contents_of(kRoot / "dev");
  const std::string presets = contents_of(kRoot / "CMakePresets.json");
  for (const fs::path& document : documents()) {
    CAPTURE(document.string());
    const std::string text = contents_of(document);
    for (const std::string& command : matches(text, "\\./dev ([a-z0-9]+)"))
      CHECK_MESSAGE(dev.find("\n  " + command + " ") != std::string::npos, command);
    for (const std::string& preset : matches(text, "(?:cmake|ctest|--build) --preset ([a-z0-9-]+)"))
      CHECK_MESSAGE(presets.find("\"name\": \"" + preset + "\"") != std::string::npos, preset);
  }
}

TEST_CASE("links in the documents lead to files") {
  for (const fs::path& document : documents()) {
    for (const std::string& target : matches(contents_of(document), "\\]\\(([^)#:]+)\\)")) {
      CHECK_MESSAGE(fs::exists(document.parent_path() / target), document.string(), ": ", target);
    }
  }
}
