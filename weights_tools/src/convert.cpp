// SPDX-License-Identifier: Apache-2.0
#include "vitq/convert.h"

#include <array>
#include <optional>
#include <type_traits>

#include "class_id.h"
#include "find_preprocess.h"
#include "head_file.h"
#include "recognize.h"
#include "vitq/canonical_names.h"
#include "vitq/error.h"
#include "vitq/family.h"
#include "vitq/labels.h"
#include "vitq/lower.h"
#include "vitq/model_file.h"
#include "vitq/model_schemas.h"
#include "vitq/trace.h"

namespace vitq {
namespace {

namespace fs = std::filesystem;

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
    result_.info.config = naming_file([&] { return chosen.configure(result_.weights, said); });
    result_.info.scores = scores();
    if (!options_.head.empty()) put_head();
    assume(said);
    result_.info.preprocess = preprocess(chosen);
    resize(chosen, said);
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
  // What finds that tensors are missing or do not fit knows no file.
  template <typename Find>
  std::invoke_result_t<const Find&> naming_file(const Find& find) const {
    try {
      return find();
    } catch (const WeightError& error) {
      throw WeightError(source_.path + ": " + error.what());
    }
  }

  const Family& choose_family() {
    Recognized found = naming_file([&] { return recognize(source_, options_.arch); });
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

  // Puts the user's head behind the features, which stay what they are. Its classes are then those
  // of the network.
  void put_head() {
    Json& config = result_.info.config;
    if (task_of(result_.info) != Task::kFeatures) {
      throw UnsupportedError(source_.path +
                             ": --head is for networks that give features; this one has a head");
    }
    const Graph graph = trace(result_.info, usual_input(result_.info));
    const std::int64_t width = graph[graph.outputs()[0].node].shape[-1];
    UserHead head = read_head(options_.head, width, source_.weights);
    config.set("classes", head.weight.shape()[0]);
    config.set("head_bias", true).set("unit_head", head.unit);
    result_.weights.tensors["head.weight"] = std::move(head.weight);
    result_.weights.tensors["head.bias"] = std::move(head.bias);
    result_.info.scores = head.scores;
    result_.head = std::move(head.text);
    if (!head.assumption.empty()) result_.assumptions.push_back(std::move(head.assumption));
  }

  // The pipeline of transformers lets one class have a sigmoid, whatever the problem is called.
  Scores scores() const {
    if (task_of(result_.info) != Task::kClassification) return family(result_.info.family).scores;
    const auto problem = source_.config.find("problem_type");
    const std::string name = problem ? problem->string() : "";
    if (name == "regression") return Scores::kRaw;
    const bool single = class_count(result_.info) == 1;
    return single || name == "multi_label_classification" ? Scores::kSigmoid : Scores::kSoftmax;
  }

  // A config.json of transformers has defaults for what it does not say.
  void assume(const Json& said) {
    if (said.contains("model_type") && !said.contains("architecture")) return;
    if (result_.info.config.contains("dilation") && !options_.dilation) {
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
    FoundPreprocess found =
        find_preprocess(source_, options_, chosen, chosen.image_shape(result_.info.config));
    if (!found.assumption.empty()) result_.assumptions.push_back(found.assumption);
    result_.unknown_keys.insert(result_.unknown_keys.end(), found.unknown_keys.begin(),
                                found.unknown_keys.end());
    return found.preprocess;
  }

  // Positions become those of the size that is asked for. Where the origin resamples them at run
  // time, they become those of what its pipeline gives.
  void resize(const Family& chosen, const Json& said) {
    if (options_.image_size && chosen.resize == nullptr) {
      throw UnsupportedError(source_.path + ": --image-size is for networks of one size; a " +
                             std::string(chosen.name) + " takes any");
    }
    if (chosen.resize == nullptr) return;
    const Shape image = chosen.image_shape(result_.info.config);
    std::optional<ImageSize> size = options_.image_size;
    if (!size && chosen.resizes_at_run_time(source_.config)) {
      size = size_after(result_.info.preprocess);
    }
    if (!size || (size->height == image[1] && size->width == image[2])) return;
    chosen.resize(result_.weights, result_.info.config, said, *size);
    result_.choices.push_back("positions resampled from " + std::to_string(image[2]) + " x " +
                              std::to_string(image[1]) + " to " + std::to_string(size->width) +
                              " x " + std::to_string(size->height));
  }

  // A pipeline whose size depends on the image's ratio is left to the run.
  void require_size(const Family& chosen) const {
    if (chosen.any_size) return;
    const Shape image = chosen.image_shape(result_.info.config);
    const std::optional<ImageSize> size = size_after(result_.info.preprocess);
    if (!size || (size->height == image[1] && size->width == image[2])) return;
    throw ShapeError("the preprocessing makes images of " + std::to_string(size->width) + " x " +
                     std::to_string(size->height) + ", but the network takes " +
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

  std::vector<std::string> labels() {
    if (!options_.labels.empty()) return read_labels(options_.labels, class_count(result_.info));
    std::vector<std::string> names;
    // Those of config.json are of another head.
    if (class_count(result_.info) == 0 || !options_.head.empty()) return names;
    if (const auto by_id = source_.config.find("id2label")) {
      for (const auto& [key, value] : by_id->members()) put_label(names, key, value);
      leave_out_no_object(names);
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

  // transformers gives a network as many classes as there are names. Where these count from 1, the
  // last of them is the id of "no object".
  void leave_out_no_object(std::vector<std::string>& names) {
    const auto classes = static_cast<std::size_t>(class_count(result_.info));
    const bool from_one = names.size() == classes + 1 && names.front().empty();
    if (task_of(result_.info) != Task::kDetection || !from_one) return;
    result_.assumptions.push_back("no class " + std::to_string(classes) + " ('" + names.back() +
                                  "'): id2label counts from 1, and the network's classes from 0");
    names.pop_back();
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

}  // namespace

Converted convert(const Checkpoint& source, const ConvertOptions& options) {
  return Converter(source, options).run();
}

Converted convert(const fs::path& source, const ConvertOptions& options) {
  return convert(read_checkpoint(source), options);
}

}  // namespace vitq
