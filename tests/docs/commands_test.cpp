// SPDX-License-Identifier: Apache-2.0
// The commands that the README shows are run. Those with answers must give them. The others must
// succeed on small stand-ins for the files they name.
#include <doctest/doctest.h>

#include <cmath>
#include <regex>

#include "apps/run.h"
#include "docs/documents.h"

using namespace vitq;
using namespace vitq::test;

namespace {

struct Said {
  int code = -1;
  std::string out;
};

Said shell(const TempFolder& folder, const std::string& commands) {
  const fs::path script = folder.file("commands.sh", "set -euo pipefail\n" + commands);
  const std::string line = "cd " + quoted(folder.path()) +
                           " && env -u VITQ_MODEL PATH=" + quoted(VITQ_PROGRAMS) +
                           ":\"$PATH\" bash " + quoted(script) + " >out.txt 2>&1";
  const int status = std::system(line.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, contents_of(folder.path() / "out.txt")};
}

// Equal words; numbers may differ by one in the last place that is shown.
bool alike(const std::string& found, const std::string& shown) {
  std::istringstream a(found);
  std::istringstream b(shown);
  std::string x;
  std::string y;
  while (b >> y) {
    if (!(a >> x)) return false;
    if (x == y) continue;
    const std::size_t dot = y.find('.');
    if (!std::regex_match(x, std::regex("-?[0-9.]+")) || dot == std::string::npos) return false;
    const double unit = std::pow(10.0, -static_cast<double>(y.size() - dot - 1));
    if (std::abs(std::stod(x) - std::stod(y)) > 1.01 * unit) return false;
  }
  return !(a >> x);
}

// Lines that run a program of ours, with those that continue them.
std::string own_commands(const std::string& text) {
  std::istringstream lines(text);
  std::string commands;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    inside = inside || line.starts_with("vit_");
    if (!inside) continue;
    commands += line + "\n";
    inside = line.ends_with("\\");
  }
  return commands;
}

void put(const fs::path& from, const fs::path& to) {
  fs::create_directories(to.parent_path());
  fs::copy(from, to, fs::copy_options::recursive);
}

constexpr std::string_view kObjects =
    R"({"images": [{"id": 1, "file_name": "000000000001.jpg", "width": 960, "height": 540}],
 "categories": [{"id": 1, "name": "ant"}],
 "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 30, 40], "area": 1200,
                  "iscrowd": 0}]})";

// Small models and images under the names that the README uses.
void put_stand_ins(const TempFolder& folder) {
  const fs::path& to = folder.path();
  const fs::path samples = kRoot / "docs" / "images" / "samples";
  put(golden("hf_vit"), to / "google" / "vit-base-patch16-224");
  put(golden("hf_detr"), to / "facebook" / "detr-resnet-50");
  put(kRoot / "models" / "pretrained" / "vit-cifar10" / "model.safetensors",
      to / "deit_tiny_patch16_224.safetensors");
  for (const char* name :
       {"photo.jpg", "street.jpg", "photos/a.jpg", "val/a.jpg", "val2017/000000000001.jpg"})
    put(samples / "kingfisher.jpg", to / name);
  for (int i = 0; i < 8; ++i) {
    const std::string name = std::to_string(i) + ".jpg";
    put(samples / (i % 2 == 0 ? "kingfisher.jpg" : "shepherd.jpg"), to / "images" / name);
  }
  folder.file("val.tsv", "a.jpg\t2\n");
  folder.file("instances_val2017.json", kObjects);
}

}  // namespace

TEST_CASE("the README's commands give the answers it shows") {
  int shown = 0;
  for (const Block& block : blocks_of(kRoot / "README.md")) {
    if (!block.text.starts_with("$ ")) continue;
    ++shown;
    const TempFolder folder;
    fs::create_directory_symlink(kRoot / "docs", folder.path() / "docs");
    const std::size_t line = block.text.find('\n');
    const Said said = shell(folder, block.text.substr(2, line - 1));
    CHECK_MESSAGE(said.code == 0, said.out);
    CHECK_MESSAGE(alike(said.out, block.text.substr(line + 1)), said.out);
  }
  CHECK(shown == 2);
}

TEST_CASE("the README's other commands succeed, in their order") {
  std::string commands;
  for (const Block& block : blocks_of(kRoot / "README.md"))
    if (block.language == "sh") commands += own_commands(block.text);
  REQUIRE(std::count(commands.begin(), commands.end(), '\n') > 15);
  const TempFolder folder;
  put_stand_ins(folder);
  const Said said = shell(folder, commands);
  CHECK_MESSAGE(said.code == 0, said.out);
}
