// SPDX-License-Identifier: Apache-2.0
#include "vitq/model.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "pixel_grid.h"
#include "vitq/error.h"

namespace vitq {

std::string ModelInfo::label(std::int64_t id) const {
  const auto index = static_cast<std::size_t>(id);
  const bool known = id >= 0 && index < labels.size() && !labels[index].empty();
  return known ? labels[index] : "class_" + std::to_string(id);
}

Json ModelInfo::to_json() const {
  Json json = Json::object();
  json.set("format", kFormat).set("family", family).set("config", config);
  json.set("preprocess", preprocess.to_json()).set("labels", Json::array(labels));
  json.set("source", source);
  if (!quantization.is_null()) json.set("quantization", quantization);
  return json;
}

ModelInfo ModelInfo::from_json(const Json& json) {
  const std::int64_t format = json.at("format").integer(0, 1'000'000);
  if (format != kFormat) {
    throw FileError(Fault::kMismatch, json.at("format").place(),
                    "format " + std::to_string(format) + "; this version reads format " +
                        std::to_string(kFormat));
  }
  ModelInfo info;
  info.family = json.at("family").string();
  info.config = json.at("config");
  info.preprocess = Preprocess::from_json(json.at("preprocess"));
  for (const Json& label : json.at("labels").items()) info.labels.push_back(label.string());
  info.source = json.at("source");
  info.quantization = json.find("quantization").value_or(Json());
  return info;
}

std::vector<Prediction> top_k(std::span<const float> logits, const ModelInfo& info, std::size_t k) {
  const float largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0.0;
  for (const float logit : logits)
    sum += std::exp(static_cast<double>(logit) - static_cast<double>(largest));
  std::vector<std::size_t> order(logits.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  k = std::min(k, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(k), order.end(),
                    [&](std::size_t a, std::size_t b) {
                      return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
                    });
  std::vector<Prediction> predictions;
  for (std::size_t i = 0; i < k; ++i) {
    const auto id = static_cast<std::int64_t>(order[i]);
    const double score =
        std::exp(static_cast<double>(logits[order[i]]) - static_cast<double>(largest)) / sum;
    predictions.push_back({id, info.label(id), static_cast<float>(score)});
  }
  return predictions;
}

struct Model::Impl {
  Weights weights;
  ModelInfo info;
  const Family* family = nullptr;
  Scheme scheme;                  // node ids do not depend on the batch
  std::optional<PixelGrid> grid;  // where the network reads the bytes of the picture
  ModelOptions options;
  Shape image;                                            // [3, H, W]
  std::map<std::int64_t, std::unique_ptr<Graph>> graphs;  // by batch
  std::map<std::int64_t, Session> sessions;

  const Graph& graph(std::int64_t n);
  Session& session(std::int64_t n);
};

const Graph& Model::Impl::graph(std::int64_t n) {
  std::unique_ptr<Graph>& graph = graphs[n];
  if (!graph) {
    graph = std::make_unique<Graph>();
    const Value pixels = input(*graph, "image", {n, image[0], image[1], image[2]});
    graph->set_outputs(family->trace(Scope(*graph), pixels, info.config));
  }
  return *graph;
}

Session& Model::Impl::session(std::int64_t n) {
  const auto found = sessions.find(n);
  if (found != sessions.end()) return found->second;
  auto plan = std::make_shared<const Plan>(lower(graph(n), weights, scheme, options.lower));
  return sessions.emplace(n, Session(std::move(plan), options.session)).first->second;
}

Model Model::load(const std::filesystem::path& path, const ModelOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->weights = read_safetensors(path, options.verify);
  const auto found = impl->weights.metadata.find("vitq");
  if (found == impl->weights.metadata.end()) {
    throw FileError(Fault::kMalformed, path.string(),
                    "a checkpoint that was not converted (its metadata have no key \"vitq\"); "
                    "run vit_convert on it first");
  }
  impl->info = ModelInfo::from_json(Json::parse(found->second, path.string() + ": metadata vitq"));
  impl->family = &vitq::family(impl->info.family);
  impl->image = impl->family->image_shape(impl->info.config);
  impl->options = options;
  if (const Json& quantization = impl->info.quantization; !quantization.is_null()) {
    impl->scheme = load_scheme(impl->graph(1), impl->weights, quantization.at("scheme"));
    impl->grid = pixel_grid(impl->graph(1), impl->scheme);
  }
  require_weights(impl->graph(1), impl->weights, impl->scheme);
  return Model(std::move(impl));
}

Model::Model(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;
Model::~Model() = default;

const ModelInfo& Model::info() const {
  return impl_->info;
}

void Model::set_preprocess(const Preprocess& preprocess) {
  impl_->info.preprocess = preprocess;
}

const Graph& Model::graph(std::int64_t n) {
  return impl_->graph(n);
}

Session& Model::session(std::int64_t n) {
  return impl_->session(n);
}

std::span<const Tensor> Model::run(const Tensor& input) {
  const Shape& shape = input.shape();
  const Shape& image = impl_->image;
  const bool fits = shape.rank() == 4 && shape[0] > 0 && shape[1] == image[0] &&
                    shape[2] == image[1] && shape[3] == image[2];
  if (!fits) {
    throw ShapeError("the input " + shape.str() + " is not [N, 3, " + std::to_string(image[1]) +
                     ", " + std::to_string(image[2]) + "], which this network takes");
  }
  if (impl_->grid) require_pixels(input, *impl_->grid);
  return impl_->session(shape[0]).run(input);
}

Tensor Model::prepare(std::span<const Image> images) const {
  std::vector<Image> pixels;
  pixels.reserve(images.size());
  for (const Image& image : images) pixels.push_back(impl_->info.preprocess.pixels(image));
  return normalize(pixels, impl_->info.preprocess);
}

std::vector<Prediction> Model::classify(const Image& image, std::size_t k) {
  const std::span<const Tensor> outputs = run(prepare({&image, 1}));
  return top_k(outputs[0].as<float>(), impl_->info, k);
}

}  // namespace vitq
