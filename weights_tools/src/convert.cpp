// SPDX-License-Identifier: Apache-2.0
#include "vitq/convert.h"

#include <array>
#include <fstream>
#include <optional>

#include "recognize.h"
#include "vitq/error.h"
#include "vitq/family.h"
#include "vitq/model_file.h"
#include "vitq/model_schemas.h"
#include "vitq/plan.h"
#include "vitq/trace.h"

namespace vitq {
namespace {

namespace fs = std::filesystem;

// Reads a number below a million, of at most seven digits. Answers nothing if the text is none.
std::optional<std::size_t> class_id(const std::string& text) {
  constexpr std::size_t kMaxLabels = 1'000'000;
  constexpr std::size_t kMaxDigits = 7;
  const bool digits = !text.empty() && text.size() <= kMaxDigits &&
                      text.find_first_not_of("0123456789") == std::string::npos;
  if (!digits || std::stoul(text) >= kMaxLabels) return std::nullopt;
  return std::stoul(text);
}

constexpr std::int64_t kMaxClasses = 1'000'000;

// transformers has these keys for ViT and DeiT, and for DETR.
constexpr std::array<std::string_view, 3> kHeads = {
    "num_attention_heads", "encoder_attention_heads", "decoder_attention_heads"};

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
    require_pipeline();
    result_.unknown_keys = check_config(chosen, source_.config);
    const Json said = stated(chosen);
    result_.info.family = chosen.name;
    result_.info.config = chosen.configure(result_.weights, said);
    result_.info.scores = scores(chosen);
    assume(chosen, said);
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
    Recognized found = recognize(source_, options_.arch);
    result_.weights = std::move(found.renamed.weights);
    result_.dialect = std::move(found.renamed.dialect);
    result_.ignored = std::move(found.renamed.ignored);
    return *found.family;
  }

  // torchvision's weights differ in this, and no file of theirs says how.
  void require_pipeline() const {
    const bool stated = !options_.preset.empty() || !options_.preprocessor.empty() ||
                        !source_.preprocessor.is_null();
    if (result_.dialect != "torchvision" || stated) return;
    throw UnsupportedError(
        source_.path +
        ": torchvision's checkpoints state no preprocessing; give --preprocessor a file that says "
        "what weights.transforms() does, such as "
        R"({"size": {"shortest_edge": 256}, "resample": 2, "do_center_crop": true, "crop_size": 224, )"
        R"("image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]})");
  }

  // config.json, and what options say in its place.
  Json stated(const Family& chosen) const {
    Json stated = source_.config;
    if (options_.heads) {
      for (const std::string_view key : kHeads) stated.set(key, *options_.heads);
    }
    if (!options_.dilation) return stated;
    if (chosen.task != Task::kDetection || !source_.config.members().empty()) {
      throw UnsupportedError(source_.path +
                             ": --dilation is for detectors without a config.json, which says it");
    }
    return stated.set("dilation", true);
  }

  // The pipeline of transformers lets one class have a sigmoid, whatever the problem is called.
  Scores scores(const Family& chosen) const {
    if (chosen.task != Task::kClassification) return Scores::kSoftmax;
    const auto problem = source_.config.find("problem_type");
    const std::string name = problem ? problem->string() : "";
    if (name == "regression") return Scores::kRaw;
    const bool single = result_.info.config.at("classes").integer(1, kMaxClasses) == 1;
    return single || name == "multi_label_classification" ? Scores::kSigmoid : Scores::kSoftmax;
  }

  // A config.json of transformers has defaults for what it does not say.
  void assume(const Family& chosen, const Json& said) {
    if (said.contains("model_type") && !said.contains("architecture")) return;
    if (chosen.task == Task::kDetection && !options_.dilation) {
      result_.assumptions.emplace_back("a backbone without dilation (--dilation for DC5)");
    }
    for (const std::string_view key : kHeads) {
      if (said.contains(key)) return;
    }
    const auto arguments = said.find("model_args");
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

  void require_classes() const {
    const std::int64_t classes = result_.info.config.at("classes").integer(1, kMaxClasses);
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
    if (!options_.labels.empty()) return read_labels(options_.labels);
    std::vector<std::string> names;
    if (const auto by_id = source_.config.find("id2label")) {
      for (const auto& [key, value] : by_id->members()) put_label(names, key, value);
    } else if (const auto of_timm = timm_labels()) {
      if (of_timm->is_object()) {
        for (const auto& [key, value] : of_timm->members()) put_label(names, key, value);
      } else {
        for (const Json& name : of_timm->items()) names.push_back(name.string());
      }
    }
    return names;
  }

  // The old flat form calls them "labels".
  std::optional<Json> timm_labels() const {
    for (const std::string_view key : {"label_names", "labels"}) {
      if (const auto found = source_.config.find(key)) return found;
    }
    const auto pretrained = source_.config.find("pretrained_cfg");
    return pretrained ? pretrained->find("label_names") : std::nullopt;
  }

  // JSON has the ids as strings.
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

[[noreturn]] void refuse_label_line(const fs::path& path, std::size_t number,
                                    const std::string& found) {
  throw FileError(Fault::kMalformed, path.string(),
                  "line " + std::to_string(number) +
                      ": expected a class id below 1000000 before the first tab, found '" + found +
                      "'");
}

}  // namespace

Converted convert(const Checkpoint& source, const ConvertOptions& options) {
  return Converter(source, options).run();
}

Converted convert(const fs::path& source, const ConvertOptions& options) {
  return convert(read_checkpoint(source), options);
}

std::vector<std::string> read_labels(const fs::path& path) {
  std::ifstream in(path);
  if (!in || !fs::is_regular_file(path)) {
    throw FileError(Fault::kUnreadable, path.string(), "cannot be opened, or is no regular file");
  }
  std::vector<std::string> labels;
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) continue;
    const std::size_t tab = line.find('\t');
    // A line without a tab is the name of the next class.
    const std::optional<std::size_t> id =
        tab == std::string::npos ? labels.size() : class_id(line.substr(0, tab));
    if (!id) refuse_label_line(path, number, line.substr(0, tab));
    if (labels.size() <= *id) labels.resize(*id + 1);
    labels[*id] = tab == std::string::npos ? line : line.substr(line.rfind('\t') + 1);
  }
  return labels;
}

}  // namespace vitq
