// SPDX-License-Identifier: Apache-2.0
#include "convert/options.h"

#include <CLI/CLI.hpp>

#include "common/table.h"
#include "vitq/family.h"

namespace vitq::apps {

namespace {

std::vector<std::string> family_names() {
  std::vector<std::string> names;
  for (const Family& family : families()) names.emplace_back(family.name);
  return names;
}

// The families' own pipelines come first by their origin, then every pipeline by its full name.
std::vector<std::string> preset_names() {
  std::vector<std::string> names = {"timm", "hf", "fb"};
  for (const std::string_view name : preprocess_presets()) names.emplace_back(name);
  return names;
}

// H or H,W in pixels.
ImageSize read_image_size(const std::string& text) {
  constexpr int kMaxSide = 8192;
  const auto side = [&](const std::string& part) {
    const bool digits = !part.empty() && part.find_first_not_of("0123456789") == std::string::npos;
    const int value = digits && part.size() <= 4 ? std::stoi(part) : 0;
    if (value < 1 || value > kMaxSide) {
      throw CLI::ValidationError("--image-size", "'" + text + "' is not H or H,W, each from 1 to " +
                                                     std::to_string(kMaxSide));
    }
    return value;
  };
  const std::size_t comma = text.find(',');
  const int height = side(text.substr(0, comma));
  return {comma == std::string::npos ? height : side(text.substr(comma + 1)), height};
}

}  // namespace

void declare(CLI::App& app, ConvertJob& job) {
  ConvertOptions& options = job.options;
  app.add_option("SRC", job.source, "The checkpoint: a file, a shard index or a folder")
      ->required();
  app.add_option("-o,--output", job.output, "The model file to write")->required();
  app.add_option("--arch", options.arch,
                 "The architecture, where it cannot be recognized: " + listed(family_names()))
      ->check(CLI::IsMember(family_names()));
  app.add_option_function<std::string>(
         "--image-size",
         [&options](const std::string& text) { options.image_size = read_image_size(text); },
         "The images that the network shall take, in pixels: H or H,W; positions are resampled")
      ->type_name("H[,W]");
  app.add_option("--heads", options.heads, "Attention heads, where nothing states them")
      ->check(CLI::Range(1, 64));
  app.add_flag("--dilation", options.dilation,
               "The detector's backbone is dilated (DC5), where no config.json says it");
  auto* preset = app.add_option("--preset", options.preset,
                                "Preprocessing: of the family as timm, hf (Hugging Face) or fb "
                                "(Facebook) has it, or one "
                                "of " +
                                    listed(preset_names()))
                     ->check(CLI::IsMember(preset_names()));
  app.add_option("--preprocessor", options.preprocessor,
                 "Preprocessing from a preprocessor_config.json of Hugging Face")
      ->excludes(preset);
  app.add_option("--head", options.head,
                 "A head for a network without one, .npy or .safetensors: [classes, features] and "
                 "perhaps a bias; rows of length 1 are text embeddings of a zero-shot head");
  app.add_option("--labels", options.labels,
                 "Class names: one line per class, or lines of id<TAB>...<TAB>name");
}

}  // namespace vitq::apps
