// SPDX-License-Identifier: Apache-2.0
#include "vitq/convert.h"

#include <optional>

#include "class_id.h"
#include "vitq/canonical_names.h"
#include "vitq/error.h"
#include "vitq/family.h"
#include "vitq/labels.h"
#include "vitq/model_file.h"
#include "vitq/plan.h"
#include "vitq/trace.h"

namespace vitq {
namespace {

namespace fs = std::filesystem;

// A source consists of these files. The path is empty where there is none.
struct SourceFiles {
  fs::path weights;
  fs::path config;
  fs::path preprocessor;
};

fs::path if_exists(const fs::path& path) {
  return fs::exists(path) ? path : fs::path();
}

SourceFiles find_files(const fs::path& source) {
  if (!fs::exists(source)) {
    throw FileError(Fault::kUnreadable, source.string(), "no such file or folder");
  }
  const fs::path folder = fs::is_directory(source) ? source : source.parent_path();
  SourceFiles files = {source, if_exists(folder / "config.json"),
                       if_exists(folder / "preprocessor_config.json")};
  if (!fs::is_directory(source)) return files;
  files.weights = if_exists(folder / "model.safetensors");
  if (files.weights.empty()) files.weights = if_exists(folder / "model.safetensors.index.json");
  if (files.weights.empty()) {
    throw FileError(Fault::kUnreadable, source.string(),
                    "the folder holds neither model.safetensors nor model.safetensors.index.json");
  }
  return files;
}

Weights read_weights(const fs::path& path) {
  return path.extension() == ".json" ? read_safetensors_index(path) : read_safetensors(path);
}

// It takes by convention what is stated nowhere, and says so.
class Converter {
 public:
  Converter(const Checkpoint& source, const ConvertOptions& options)
      : source_(source), options_(options) {}

  Converted run() {
    if (has_model_info(source_.weights)) {
      throw FileError(Fault::kMalformed, source_.path,
                      "is a model file already; expected a checkpoint");
    }
    const Family& chosen = choose_family();
    Json stated = source_.config;
    if (options_.heads) stated.set("num_attention_heads", *options_.heads);
    result_.info.family = chosen.name;
    result_.info.config = chosen.configure(result_.weights, stated);
    assume_heads(stated);
    result_.info.preprocess = preprocess(chosen);
    require_size(chosen);
    result_.info.labels = labels();
    require_classes();
    result_.info.source = Json::object();
    result_.info.source.set("dialect", result_.dialect);
    require_tensors();
    set_model_info(result_.weights, result_.info);
    return std::move(result_);
  }

 private:
  const Family& choose_family() {
    if (!options_.arch.empty()) {
      const Family& named = family(options_.arch);
      take(named);
      return named;
    }
    for (const Family& candidate : families()) {
      if (!matches(source_.weights, candidate.dialects)) continue;
      take(candidate);
      if (candidate.recognize(result_.weights, source_.config)) return candidate;
    }
    throw UnsupportedError("the architecture was not recognized; state it with --arch");
  }

  void take(const Family& candidate) {
    Renamed renamed = to_canonical_names(source_.weights, candidate.dialects);
    result_.weights = std::move(renamed.weights);
    result_.dialect = std::move(renamed.dialect);
    result_.ignored = std::move(renamed.ignored);
  }

  void assume_heads(const Json& stated) {
    for (const std::string_view key : {"num_attention_heads", "encoder_attention_heads"}) {
      if (stated.contains(key)) return;
    }
    const auto arguments = stated.find("model_args");
    if (arguments && arguments->contains("num_heads")) return;
    result_.assumptions.push_back(
        std::to_string(result_.info.config.at("heads").integer(1, 1 << 20)) +
        " attention heads (as published models have; --heads sets them)");
  }

  Preprocess preprocess(const Family& chosen) {
    const Shape image = chosen.image_shape(result_.info.config);
    if (!options_.preset.empty()) return preset(chosen, image);
    if (!options_.preprocessor.empty()) {
      return preprocess_from_huggingface(Json::read(options_.preprocessor));
    }
    if (!source_.preprocessor.is_null()) return preprocess_from_huggingface(source_.preprocessor);
    if (const auto pretrained = source_.config.find("pretrained_cfg")) {
      return preprocess_from_timm(*pretrained);
    }
    const bool facebook = chosen.name == "deit" || chosen.name == "detr";
    const std::string usual = facebook ? "fb-" + std::string(chosen.name) : "timm-vit";
    result_.assumptions.push_back("preprocessing " + usual +
                                  " (--preset or --preprocessor set it)");
    return *preprocess_preset(usual, static_cast<int>(image[1]));
  }

  // A pipeline whose size depends on the image's ratio is left to the run.
  void require_size(const Family& chosen) const {
    if (chosen.any_size) return;
    const Shape image = chosen.image_shape(result_.info.config);
    const Preprocess& steps = result_.info.preprocess;
    const bool cropped = steps.crop_height > 0;
    if (!cropped && steps.resize != Preprocess::Resize::kExact) return;
    const int height = cropped ? steps.crop_height : steps.height;
    const int width = cropped ? steps.crop_width : steps.width;
    if (height == image[1] && width == image[2]) return;
    throw ShapeError("the preprocessing makes images of " + std::to_string(width) + " x " +
                     std::to_string(height) + ", but the network takes " +
                     std::to_string(image[2]) + " x " + std::to_string(image[1]) +
                     "; --preset or --preprocessor states another");
  }

  // A file of names has been checked already. Those of config.json come with ids or as a list.
  void require_classes() const {
    const std::int64_t classes = class_count(result_.info);
    if (result_.info.labels.size() <= static_cast<std::size_t>(classes)) return;
    throw ShapeError(std::to_string(result_.info.labels.size()) + " labels, but the network has " +
                     std::to_string(classes) + " classes");
  }

  Preprocess preset(const Family& chosen, const Shape& image) const {
    const auto size = static_cast<int>(image[1]);
    if (const auto found = preprocess_preset(options_.preset, size)) return *found;
    const std::string of_family = options_.preset + "-" + std::string(chosen.name);
    if (const auto found = preprocess_preset(of_family, size)) return *found;
    std::string known;
    for (const std::string_view name : preprocess_presets()) {
      known += (known.empty() ? "" : ", ") + std::string(name);
    }
    throw UnsupportedError("unknown preprocessing preset '" + options_.preset +
                           "'; known: " + known);
  }

  std::vector<std::string> labels() const {
    if (!options_.labels.empty()) return read_labels(options_.labels, class_count(result_.info));
    std::vector<std::string> names;
    if (const auto by_id = source_.config.find("id2label")) {
      for (const auto& [key, value] : by_id->members()) put_label(names, key, value);
    } else if (const auto list = source_.config.find("label_names")) {
      for (const Json& name : list->items()) names.push_back(name.string());
    }
    return names;
  }

  // transformers writes the ids as strings.
  static void put_label(std::vector<std::string>& names, const std::string& key,
                        const Json& value) {
    const std::optional<std::size_t> id = class_id(key);
    if (!id) value.fail("the key '" + key + "' is no class id in [0, 1000000)");
    if (names.size() <= *id) names.resize(*id + 1);
    names[*id] = value.string();
  }

  // The parameters of the traced network are the list of tensors that belong in the file.
  void require_tensors() const {
    const Graph graph = trace(result_.info, usual_input(result_.info));
    std::string report;
    try {
      require_weights(graph, result_.weights, Scheme::float32());
    } catch (const WeightError& error) {
      report = error.what();
    }
    std::map<std::string, bool, std::less<>> wanted;
    for (const NodeId id : graph.params()) wanted[graph[id].name] = true;
    for (const auto& [name, tensor] : result_.weights.tensors) {
      if (!wanted.contains(name)) report += "\n  unexpected: " + name + " " + tensor.shape().str();
    }
    if (!report.empty()) throw WeightError(source_.path + ": " + report);
  }

  const Checkpoint& source_;
  const ConvertOptions& options_;
  Converted result_;
};

}  // namespace

Checkpoint read_checkpoint(const fs::path& source) {
  const SourceFiles files = find_files(source);
  Checkpoint found = {.path = files.weights.string(), .weights = read_weights(files.weights)};
  if (!files.config.empty()) found.config = Json::read(files.config);
  if (!files.preprocessor.empty()) found.preprocessor = Json::read(files.preprocessor);
  return found;
}

Converted convert(const Checkpoint& source, const ConvertOptions& options) {
  return Converter(source, options).run();
}

Converted convert(const fs::path& source, const ConvertOptions& options) {
  return convert(read_checkpoint(source), options);
}

}  // namespace vitq
