// SPDX-License-Identifier: Apache-2.0
// Stands in for libFuzzer where a fuzz target is built as a test: feeds it every file of a folder.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "fuzz/target.h"
#include "vitq/error.h"

namespace {

bool accepted(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), {});
  try {
    check({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
    std::printf("%s: accepted\n", path.filename().c_str());
    return true;
  } catch (const vitq::Error& error) {
    std::printf("%s: %s\n", path.filename().c_str(), error.what());
    return false;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    count += accepted(entry.path()) ? 1 : 0;
  }
  std::printf("%d inputs accepted\n", count);
  return count > 0 ? 0 : 1;  // a corpus of which all is refused tests next to nothing
}
