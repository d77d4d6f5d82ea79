// SPDX-License-Identifier: Apache-2.0
#include "vitq/model.h"

#include <algorithm>
#include <deque>

#include "pixel_grid.h"
#include "vitq/error.h"

namespace vitq {

namespace {

void require_mask(const Tensor& mask, const Shape& input) {
  const Shape expected = {input[0], input[2], input[3]};
  if (mask.shape() != expected || mask.dtype() != DType::kF32) {
    throw ShapeError("the mask " + mask.shape().str() + " is not f32 " + expected.str() +
                     ", which goes with the input " + input.str());
  }
  const std::size_t plane = static_cast<std::size_t>(input[2] * input[3]);
  const std::span<const float> values = mask.as<float>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] != 0.0F && values[i] != 1.0F) {
      throw ShapeError("the mask's element " + std::to_string(i) + " is " +
                       std::to_string(values[i]) + ", neither 0 nor 1");
    }
  }
  for (std::size_t begin = 0; begin < values.size(); begin += plane) {
    if (values[begin] == 1.0F) continue;
    throw ShapeError("image " + std::to_string(begin / plane) +
                     " of the mask does not start at its first pixel");
  }
}

// The scheme of one graph for another that computes the same layers among others.
Scheme moved(const Scheme& scheme, const Graph& from, const Graph& to) {
  Scheme result;
  for (const auto& [site, params] : scheme.sites()) {
    const Node& node = from[site.node];
    for (NodeId id = 0; id < to.size(); ++id) {
      const bool same = to[id].name == node.name && to[id].op.index() == node.op.index();
      if (same) result.set({id, site.operand}, params);
    }
  }
  return result;
}

}  // namespace

struct Model::Impl {
  Weights weights;
  ModelInfo info;
  const Family* family = nullptr;
  Scheme scheme;                  // node ids do not depend on the batch
  std::optional<PixelGrid> grid;  // where the network reads the bytes of the image
  ModelOptions options;
  Shape image;                                     // [3, H, W]
  Graph graph;                                     // of one such
  std::deque<std::pair<Shape, Session>> sessions;  // by input, the one used last in front
  std::optional<Session> padded;

  Graph traced(const Shape& input) const;
  Session& session(const Shape& input);
  Session make_session(const Graph& made, const Scheme& made_for) const;
  void require_input(const Shape& shape) const;
};

Graph Model::Impl::traced(const Shape& input) const {
  Graph made;
  const Value pixels = vitq::input(made, "image", input);
  made.set_outputs(family->trace(Scope(made), pixels, info.config));
  return made;
}

Session Model::Impl::make_session(const Graph& made, const Scheme& made_for) const {
  auto plan = std::make_shared<const Plan>(lower(made, weights, made_for, options.lower));
  return {std::move(plan), options.session};
}

Session& Model::Impl::session(const Shape& input) {
  const auto found = std::find_if(sessions.begin(), sessions.end(),
                                  [&](const auto& entry) { return entry.first == input; });
  if (found != sessions.end()) {
    std::rotate(sessions.begin(), found, found + 1);
  } else {
    // The oldest goes before the new one comes, so that the two need not fit together.
    if (sessions.size() == Model::kMaxSessions) sessions.pop_back();
    sessions.emplace_front(input, make_session(traced(input), scheme));
  }
  return sessions.front().second;
}

void Model::Impl::require_input(const Shape& shape) const {
  const bool batch = shape.rank() == 4 && shape[0] > 0 && shape[1] == image[0];
  if (batch && family->any_size) return;
  if (batch && shape[2] == image[1] && shape[3] == image[2]) return;
  const std::string size =
      family->any_size ? "H, W" : std::to_string(image[1]) + ", " + std::to_string(image[2]);
  throw ShapeError("the input " + shape.str() + " is not [N, 3, " + size +
                   "], which this network takes");
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
  const Shape& image = impl->image;
  impl->graph = impl->traced({1, image[0], image[1], image[2]});
  if (const Json& quantization = impl->info.quantization; !quantization.is_null()) {
    impl->scheme = load_scheme(impl->graph, impl->weights, quantization.at("scheme"));
    impl->grid = pixel_grid(impl->graph, impl->scheme);
  }
  require_weights(impl->graph, impl->weights, impl->scheme);
  return Model(std::move(impl));
}

Model::Model(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;
Model::~Model() = default;

Task Model::task() const {
  return impl_->family->task;
}

const ModelInfo& Model::info() const {
  return impl_->info;
}

void Model::set_preprocess(const Preprocess& preprocess) {
  impl_->info.preprocess = preprocess;
}

const Graph& Model::graph() const {
  return impl_->graph;
}

Session& Model::session(std::int64_t n) {
  const Shape& image = impl_->image;
  return impl_->session({n, image[0], image[1], image[2]});
}

Session& Model::session(const Shape& input) {
  impl_->require_input(input);
  return impl_->session(input);
}

std::span<const Tensor> Model::run(const Tensor& input) {
  Session& session = this->session(input.shape());
  if (impl_->grid) require_pixels(input, *impl_->grid, nullptr);
  return session.run(input);
}

std::span<const Tensor> Model::run_padded(const Tensor& input, const Tensor& mask) {
  const Shape& shape = input.shape();
  impl_->require_input(shape);
  if (impl_->family->trace_padded == nullptr) {
    throw UnsupportedError("a model of the family '" + impl_->info.family +
                           "' has no padded batches");
  }
  require_mask(mask, shape);
  if (impl_->grid) require_pixels(input, *impl_->grid, &mask);
  Graph graph;
  const Value pixels = vitq::input(graph, "image", shape);
  graph.set_outputs(impl_->family->trace_padded(Scope(graph), pixels, impl_->info.config, mask));
  impl_->padded.reset();
  impl_->padded = impl_->make_session(graph, moved(impl_->scheme, impl_->graph, graph));
  return impl_->padded->run(input);
}

Tensor Model::prepare(std::span<const Image> images) const {
  std::vector<Image> pixels;
  pixels.reserve(images.size());
  for (const Image& image : images) pixels.push_back(impl_->info.preprocess.pixels(image));
  return normalize(pixels, impl_->info.preprocess);
}

std::vector<Prediction> Model::classify(const Image& image, std::size_t k) {
  if (task() != Task::kClassification) {
    throw UnsupportedError("a model of the family '" + impl_->info.family + "' names no classes");
  }
  const std::span<const Tensor> outputs = run(prepare({&image, 1}));
  return top_k(outputs[0].as<float>(), impl_->info, k);
}

std::vector<Detection> Model::detect(const Image& image, float threshold) {
  if (task() != Task::kDetection) {
    throw UnsupportedError("a model of the family '" + impl_->info.family +
                           "' does not detect objects");
  }
  const std::span<const Tensor> outputs = run(prepare({&image, 1}));
  return detections(outputs[0].as<float>(), outputs[1].as<float>(), impl_->info,
                    {image.width, image.height}, threshold);
}

}  // namespace vitq
