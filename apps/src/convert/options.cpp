// SPDX-License-Identifier: Apache-2.0
#include "convert/options.h"

#include <CLI/CLI.hpp>

#include "common/image_size.h"
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

}  // namespace

void declare(CLI::App& app, ConvertJob& job) {
  ConvertOptions& options = job.options;
  app.add_option("SRC", job.source, "The checkpoint: a file, a shard index or a folder")
      ->required();
  app.add_option("-o,--output", job.output, "The model file to write")->required();
  app.add_option("--arch", options.arch,
                 "The architecture, where it cannot be recognized: " + listed(family_names()))
      ->check(CLI::IsMember(family_names()));
  add_image_size(app, options.image_size,
                 "The images that the network shall take, in pixels: H or H,W; positions are "
                 "resampled");
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
