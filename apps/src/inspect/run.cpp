// SPDX-License-Identifier: Apache-2.0
#include "inspect/run.h"

#include <cstdio>
#include <iostream>
#include <optional>

#include "common/args.h"
#include "common/table.h"
#include "inspect/layer_errors.h"
#include "inspect/stored_bits.h"
#include "vitq/error.h"
#include "vitq/family.h"
#include "vitq/model_file.h"
#include "vitq/trace.h"

namespace vitq::apps {

namespace {

constexpr const char* kChecksumKey = "xxh3";

// Longer values are cut in text. JSON has them whole.
constexpr std::size_t kLongestShown = 72;

struct Contents {
  Weights weights;
  std::optional<ModelInfo> info;  // of a converted model
  Graph graph;                    // of a converted model, for one image
  std::int64_t parameters = 0;
  std::int64_t bytes = 0;
};

Contents read(const InspectJob& job) {
  Contents contents;
  contents.weights = job.files[0].extension() == ".json"
                         ? read_safetensors_index(job.files[0])
                         : read_safetensors(job.files[0], job.verify);
  for (const auto& [name, tensor] : contents.weights.tensors) {
    contents.parameters += tensor.shape().elements();
    contents.bytes += static_cast<std::int64_t>(tensor.bytes());
  }
  if (has_model_info(contents.weights)) {
    contents.info = read_model_info(contents.weights, job.files[0].string());
    // The network is traced only, so that a file that lacks tensors can be looked at, too.
    contents.graph = trace(*contents.info, usual_input(*contents.info));
  }
  return contents;
}

std::int64_t macs_of(const Graph& graph) {
  std::int64_t sum = 0;
  for (NodeId id = 0; id < graph.size(); ++id) sum += macs(graph, id);
  return sum;
}

std::string checksum_text(const Contents& contents, bool verified) {
  const auto found = contents.weights.metadata.find(kChecksumKey);
  if (found == contents.weights.metadata.end()) return "none in the file";
  return found->second + (verified ? ", as the data have it" : ", not verified (--verify)");
}

// It reads "features [1, 384], tokens [1, 16, 16, 384]".
std::string outputs_text(const Graph& graph) {
  std::string text;
  for (const GraphOutput& output : graph.outputs()) {
    text += (text.empty() ? "" : ", ") + output.name + " " + graph[output.node].shape.str();
  }
  return text;
}

// None of a float model.
std::vector<StoredBits> bits_in(const Contents& contents) {
  const Json& quantization = contents.info->quantization;
  if (quantization.is_null()) return {};
  return stored_bits(contents.graph, contents.weights, quantization.at("scheme"));
}

void add_model(Table& table, const Contents& contents) {
  const ModelInfo& info = *contents.info;
  table.add({"family", info.family + ": " + std::string(family(info.family).title)});
  table.add({"configuration", in_words(info.config)});
  table.add({"preprocessing", in_words(info.preprocess)});
  table.add({"labels", info.labels.empty() ? "none" : std::to_string(info.labels.size())});
  if (task_of(info) == Task::kClassification)
    table.add({"scores", std::string(name_of(info.scores))});
  table.add({"outputs", outputs_text(contents.graph)});
  table.add({"MACs", with_prefix(static_cast<double>(macs_of(contents.graph))) + " per image"});
  if (!info.quantization.is_null()) {
    const bool only = numerics_of(info) == Numerics::kIntegerOnly;
    table.add({"bits", to_text(bits_in(contents))});
    table.add({"numerics", only ? "integers only" : "integer products, floats between them"});
  }
  table.add({"source", info.source.dump()});
}

std::string metadata_text(const Contents& contents) {
  std::string text;
  for (const auto& [key, value] : contents.weights.metadata) {
    if (key == kChecksumKey || (key == kModelKey && contents.info)) continue;
    const bool fits = value.size() <= kLongestShown;
    text += key + "  " + (fits ? value : value.substr(0, kLongestShown) + "...") + '\n';
  }
  return text.empty() ? "" : "\nmetadata\n" + text;
}

std::string in_text(const InspectJob& job, const Contents& contents) {
  Table tensors({"tensor", "type", "shape", "bytes"}, "lllr");
  for (const auto& [name, tensor] : contents.weights.tensors) {
    tensors.add({name, std::string(name_of(tensor.dtype())), tensor.shape().str(),
                 std::to_string(tensor.bytes())});
  }
  Table summary({"file", job.files[0].string()});
  if (contents.info) add_model(summary, contents);
  summary.add({"parameters", with_prefix(static_cast<double>(contents.parameters)) + " in " +
                                 std::to_string(contents.weights.tensors.size()) + " tensors, " +
                                 byte_count(contents.bytes)});
  summary.add({"checksum", checksum_text(contents, job.verify)});
  return summary.str() + metadata_text(contents) + '\n' + tensors.str();
}

Json tensor_json(const std::string& name, const Tensor& tensor) {
  Json json = Json::object();
  json.set("name", name).set("dtype", name_of(tensor.dtype()));
  json.set("shape", Json::array(tensor.shape().dims()));
  return json.set("bytes", static_cast<std::int64_t>(tensor.bytes()));
}

Json to_json(const InspectJob& job, const Contents& contents) {
  Json json = Json::object();
  json.set("file", job.files[0].string()).set("converted", contents.info.has_value());
  if (contents.info) {
    const ModelInfo& info = *contents.info;
    json.set("family", info.family).set("config", info.config);
    json.set("preprocess", info.preprocess.to_json());
    json.set("labels", Json::array(info.labels)).set("macs", macs_of(contents.graph));
    json.set("scores", name_of(info.scores)).set("source", info.source);
    json.set("quantized", to_json(bits_in(contents)));
  }
  json.set("parameters", contents.parameters).set("bytes", contents.bytes);
  json.set("verified", job.verify && contents.weights.metadata.contains(kChecksumKey));
  Json metadata = Json::object();
  for (const auto& [key, value] : contents.weights.metadata) {
    if (key != kModelKey || !contents.info) metadata.set(key, value);
  }
  Json tensors = Json::array();
  for (const auto& [name, tensor] : contents.weights.tensors) {
    tensors.push(tensor_json(name, tensor));
  }
  return json.set("metadata", std::move(metadata)).set("tensors", std::move(tensors));
}

std::string graph_text(const InspectJob& job, const Contents& contents) {
  if (!contents.info) {
    throw UnsupportedError(job.files[0].string() +
                           ": only a converted model has a graph; run vit_convert first");
  }
  return job.graph == "dot" ? to_dot(contents.graph) : to_text(contents.graph);
}

}  // namespace

int run(const InspectJob& job) {
  require_sense(job);
  if (job.compare) {
    const std::vector<LayerError> layers =
        compare_layers(job.files[0], job.files[1], job.files[2], job.threads, job.image_limits);
    std::cout << (job.format == "json" ? to_json(layers).dump(2) + "\n" : to_text(layers));
    return kOk;
  }
  const Contents contents = read(job);
  if (!job.graph.empty()) {
    std::cout << graph_text(job, contents);
  } else if (job.format == "json") {
    std::cout << to_json(job, contents).dump(2) << '\n';
  } else {
    std::cout << in_text(job, contents);
  }
  return kOk;
}

}  // namespace vitq::apps
