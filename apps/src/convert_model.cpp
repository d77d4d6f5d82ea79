// SPDX-License-Identifier: Apache-2.0
#include "convert_model.h"

#include <iostream>

#include "args.h"
#include "output.h"
#include "table.h"

namespace vitq::apps {

namespace {

std::vector<std::string> family_names() {
  std::vector<std::string> names;
  for (const Family& family : families()) names.emplace_back(family.name);
  return names;
}

// The families' own pipelines by their origin, then every pipeline by its full name.
std::vector<std::string> preset_names() {
  std::vector<std::string> names = {"timm", "hf", "fb"};
  for (const std::string_view name : preprocess_presets()) names.emplace_back(name);
  return names;
}

std::string size_of_input(const ModelInfo& info) {
  if (family(info.family).any_size) return "any size";
  const Shape image = family(info.family).image_shape(info.config);
  return std::to_string(image[2]) + " x " + std::to_string(image[1]);
}

// A file of the folder counts though nobody named it: it is said.
std::string files_beside(const Checkpoint& source) {
  std::string text;
  if (!source.config.members().empty()) text += ", with config.json";
  if (!source.preprocessor.is_null()) text += ", with preprocessor_config.json";
  return text;
}

void summarize(const ConvertJob& job, const Checkpoint& source, const Converted& made) {
  std::int64_t parameters = 0;
  std::int64_t bytes = 0;
  for (const auto& [name, tensor] : made.weights.tensors) {
    parameters += tensor.shape().elements();
    bytes += static_cast<std::int64_t>(tensor.bytes());
  }
  std::cerr << job.output.string() << ": " << family(made.info.family).title << '\n'
            << "  from           " << source.path << files_beside(source) << '\n'
            << "  named as by    " << made.dialect << '\n'
            << "  input          " << size_of_input(made.info) << '\n'
            << "  parameters     " << with_prefix(static_cast<double>(parameters)) << ", "
            << byte_count(bytes) << '\n'
            << "  preprocessing  " << in_words(made.info.preprocess) << '\n';
  if (made.info.labels.empty()) {
    std::cerr << "  labels         none (--labels FILE gives the classes names)\n";
  } else {
    std::cerr << "  labels         " << made.info.labels.size() << '\n';
  }
  for (const std::string& assumption : made.assumptions) {
    std::cerr << "  assumed        " << assumption << '\n';
  }
  if (!made.ignored.empty()) {
    std::cerr << "  ignored        " << made.ignored.size()
              << (made.ignored.size() == 1 ? " tensor, " : " tensors, ") << made.ignored.front()
              << (made.ignored.size() == 1 ? "\n" : ", ...\n");
  }
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
  app.add_option("--heads", options.heads, "Attention heads, where nothing states them")
      ->check(CLI::Range(1, 64));
  auto* preset = app.add_option("--preset", options.preset,
                                "Preprocessing: of the family as timm, hf (Hugging Face) or fb "
                                "(Facebook) has it, or one "
                                "of " +
                                    listed(preset_names()))
                     ->check(CLI::IsMember(preset_names()));
  app.add_option("--preprocessor", options.preprocessor,
                 "Preprocessing from a preprocessor_config.json of Hugging Face")
      ->excludes(preset);
  app.add_option("--labels", options.labels,
                 "Class names: one line per class, or lines of id<TAB>...<TAB>name");
}

int run(const ConvertJob& job) {
  require_free(job.output, job.overwrite);
  const Checkpoint source = read_checkpoint(job.source);
  const Converted made = convert(source, job.options);
  write_safetensors(job.output, made.weights, job.overwrite);
  summarize(job, source, made);
  return kOk;
}

}  // namespace vitq::apps
