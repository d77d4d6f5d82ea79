// SPDX-License-Identifier: Apache-2.0
// The commands that README and docs/models.md show are run. Those with answers must give them. The
// others must succeed on small stand-ins for the files they name.
#include <doctest/doctest.h>

#include <cmath>
#include <regex>

#include "apps/features.h"
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

// Heads of three classes: a linear one for networks of 24 features, embeddings for those of 12.
void put_heads(const fs::path& folder) {
  Tensor rows({3, 24}, DType::kF32);
  for (std::size_t i = 0; i < 72; ++i) rows.as<float>()[i] = static_cast<float>(i % 7) - 3.0F;
  Weights weights;
  weights.tensors["weight"] = rows;
  write_safetensors(folder / "linear.safetensors", weights, Overwrite::kNo);
  Tensor embeddings({3, 12}, DType::kF32);
  for (std::size_t i = 0; i < 3; ++i) embeddings.as<float>()[13 * i] = 1.0F;
  weights.tensors["weight"] = embeddings;
  write_safetensors(folder / "embeddings.safetensors", weights, Overwrite::kNo);
  std::ofstream(folder / "classes.txt") << "ant\nbee\ncat\n";
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
  for (const char* name : {"labelled/ant/a.jpg", "labelled/ant/b.jpg", "labelled/bee/c.jpg"})
    put(samples / "shepherd.jpg", to / name);
  put(golden("hf_dinov2"), to / "facebook" / "dinov2-small");
  put(golden("hf_clip"), to / "openai" / "clip-vit-base-patch32");
  put(golden("hf_yolos"), to / "hustvl" / "yolos-tiny");
  put_heads(to);
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

namespace {

// The golden that stands for each checkpoint of docs/models.md. An empty name is hf_vit without its
// classifier.
const std::map<std::string, std::string> kStandIns = {
    {"google/vit-base-patch16-224", "hf_vit"},
    {"facebook/deit-tiny-patch16-224", "hf_deit"},
    {"timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k", "timm_vit"},
    {"deit_tiny_patch16_224.safetensors",
     "../../../models/pretrained/vit-cifar10/model.safetensors"},
    {"vit_b_16.safetensors", "tv_vit/model.safetensors"},
    {"facebook/detr-resnet-50", "hf_detr"},
    {"detr-r50.safetensors", "fb_detr/model.safetensors"},
    {"detr-r50-dc5.safetensors", "fb_detr/model.safetensors"},
    {"facebook/detr-resnet-50-dc5", "hf_detr_dc5"},
    {"facebook/detr-resnet-50-panoptic", "hf_detr"},
    {"microsoft/table-transformer-detection", "hf_table_transformer"},
    {"microsoft/table-transformer-structure-recognition", "hf_table_transformer"},
    {"microsoft/table-transformer-structure-recognition-v1.1-all", "hf_table_transformer"},
    {"microsoft/conditional-detr-resnet-50", "hf_conditional_detr"},
    {"hustvl/yolos-tiny", "hf_yolos"},
    {"timm/deit3_small_patch16_224.fb_in1k", "timm_deit3"},
    {"facebook/dinov2-small-imagenet1k-1-layer", "hf_dinov2_classes"},
    {"facebook/dinov2-small", "hf_dinov2"},
    {"facebook/dinov2-with-registers-small", "hf_dinov2_registers"},
    {"timm/vit_small_patch14_dinov2.lvd142m", "timm_dinov2"},
    {"timm/vit_small_patch14_reg4_dinov2.lvd142m", "timm_dinov2_registers"},
    {"openai/clip-vit-base-patch32", "hf_clip"},
    {"google/siglip-base-patch16-224", "hf_siglip"},
    {"facebook/ijepa_vith14_1k", "hf_ijepa"},
    {"facebook/dino-vits16", ""},
    {"timm/vit_small_patch16_224.dino", "timm_features"},
};

// Every command that converts, in the tables of the document.
std::vector<std::string> conversions(const std::string& text) {
  const std::regex regex("`(vit_convert [^`]*)`");
  std::vector<std::string> found;
  for (auto at = std::sregex_iterator(text.begin(), text.end(), regex);
       at != std::sregex_iterator(); ++at)
    found.push_back((*at)[1]);
  return found;
}

}  // namespace

TEST_CASE("every checkpoint that docs/models.md lists is converted by the command beside it") {
  const std::vector<std::string> commands = conversions(contents_of(kRoot / "docs" / "models.md"));
  REQUIRE(commands.size() > 8);  // at least a row for each family
  for (const std::string& command : commands) {
    CAPTURE(command);
    std::istringstream words(command);
    std::string name;
    words >> name >> name;
    const auto stand_in = kStandIns.find(name);
    REQUIRE(stand_in != kStandIns.end());
    const TempFolder folder;
    put_heads(folder.path());
    // As models.md has it for Table Transformer 1.1.
    folder.file("table.json", R"({"image_processor_type": "DetrImageProcessor",
                                  "size": {"shortest_edge": 1000, "longest_edge": 1000}})");
    if (command.find("preprocessor_config.json") != std::string::npos) {
      put(golden("hf_vit") / "preprocessor_config.json",
          folder.path() / "preprocessor_config.json");
      folder.file("config.json", R"({"num_attention_heads": 3})");  // fewer than published ones
    }
    put(stand_in->second.empty() ? headless_checkpoint(folder) : golden(stand_in->second),
        folder.path() / name);
    const Said said = shell(folder, command + "\n");
    CHECK_MESSAGE(said.code == 0, said.out);
  }
}

TEST_CASE("the other commands in docs/models.md succeed, in their order") {
  const TempFolder folder;
  put_stand_ins(folder);
  std::string commands =
      "vit_convert facebook/dinov2-small -o dinov2.safetensors\n"
      "vit_convert hustvl/yolos-tiny -o yolos.safetensors\n";
  for (const Block& block : blocks_of(kRoot / "docs" / "models.md"))
    if (block.language == "sh") commands += own_commands(block.text);
  REQUIRE(std::count(commands.begin(), commands.end(), '\n') > 6);
  const Said said = shell(folder, commands);
  CHECK_MESSAGE(said.code == 0, said.out);
}
