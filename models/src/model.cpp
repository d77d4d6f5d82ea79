// SPDX-License-Identifier: Apache-2.0
#include "vitq/model.h"

#include "session_pool.h"
#include "vitq/error.h"
#include "vitq/family.h"
#include "vitq/finite.h"
#include "vitq/model_file.h"
#include "vitq/plan.h"
#include "vitq/trace.h"

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
      throw ShapeError("the mask's element " + std::to_string(i) + " is neither 0 nor 1");
    }
  }
  for (std::size_t begin = 0; begin < values.size(); begin += plane) {
    if (values[begin] == 1.0F) continue;
    throw ShapeError("image " + std::to_string(begin / plane) +
                     " of the mask does not start at its first pixel");
  }
}

// The codes of 0 in the convolution that reads the image, channel by channel.
std::vector<std::uint8_t> bytes_of_zero(const Graph& graph, const Scheme& scheme) {
  const NodeId image = graph.inputs()[0];
  const QParams& pixels = *scheme.find({graph.readers()[at(image)][0], 0});
  std::vector<std::uint8_t> bytes;
  for (std::size_t c = 0; c < pixels.channel_offset.size(); ++c) {
    const std::int32_t code =
        code_of(0.0F, pixels.channel_offset[c], 1.0F / pixels.smoothing_scale[c], pixels.bits);
    bytes.push_back(static_cast<std::uint8_t>(code));
  }
  return bytes;
}

// `input` [N, C, H, W] with `padding`, a value per channel, where `mask` [N, H, W] is 0.
template <typename T>
Tensor masked(const Tensor& input, const Tensor& mask, const std::vector<T>& padding) {
  Tensor result = input.clone();
  const Shape& shape = input.shape();
  const std::size_t plane = at(shape[2] * shape[3]);
  const std::size_t channels = at(shape[1]);
  const std::span<const float> valid = mask.as<float>();
  const std::span<T> values = result.as<T>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t image = i / (plane * channels);
    if (valid[image * plane + i % plane] == 0.0F) values[i] = padding[i / plane % channels];
  }
  return result;
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

void require_task(const Model& model, Task task, const std::string& why) {
  if (model.task() == task) return;
  const bool headless = model.task() == Task::kFeatures;
  throw UnsupportedError("a model of the family '" + model.info().family + "'" +
                         (headless ? " without a head " : " ") + why);
}

// The network's outputs come first; what a tool asked for besides may be anything.
std::vector<Tensor> checked(std::vector<Tensor> outputs, const Graph& graph) {
  for (std::size_t i = 0; i < graph.outputs().size(); ++i) {
    require_finite(outputs[i].as<float>(), graph.outputs()[i].name);
  }
  return outputs;
}

}  // namespace

struct Model::Network {
  Weights weights;
  ModelInfo info;  // whose preprocessing nothing here reads
  const Family* family = nullptr;
  Scheme scheme;  // node ids do not depend on the batch
  ModelOptions options;
  Shape image;  // [3, H, W]
  Graph graph;  // of one such
  bool reads_pixels = false;
  std::vector<std::uint8_t> padding;  // of each channel, where it does: the byte nearest to 0
  std::shared_ptr<WeightCache> cache = make_weight_cache();
  std::shared_ptr<SessionPool> pool = std::make_shared<SessionPool>(kMaxShapes);

  std::shared_ptr<const Executable> executable(const Graph& made, const Scheme& made_for) const;
  SessionPool::Lease lease(const Shape& input) const;
  SessionPool::Lease lease(const Shape& input, const Tensor& mask) const;
  void require_input(const Shape& shape) const;
};

std::shared_ptr<const Executable> Model::Network::executable(const Graph& made,
                                                             const Scheme& made_for) const {
  auto plan =
      std::make_shared<const Plan>(lower(made, weights, made_for, options.lower, cache.get()));
  return std::make_shared<const Executable>(std::move(plan), options.session, cache);
}

SessionPool::Lease Model::Network::lease(const Shape& input) const {
  require_input(input);
  return pool->lease({input, {}}, [&] { return executable(trace(info, input), scheme); });
}

SessionPool::Lease Model::Network::lease(const Shape& input, const Tensor& mask) const {
  require_input(input);
  require_mask(mask, input);
  const std::span<const float> valid = mask.as<float>();
  return pool->lease({input, std::vector<bool>(valid.begin(), valid.end())}, [&] {
    const Graph padded = trace_padded(info, input, mask);
    return executable(padded, moved(scheme, graph, padded));
  });
}

void Model::Network::require_input(const Shape& shape) const {
  const bool batch = shape.rank() == 4 && shape[0] > 0 && shape[1] == image[0];
  if (batch && family->any_size) return;
  if (batch && shape[2] == image[1] && shape[3] == image[2]) return;
  const std::string size =
      family->any_size ? "H, W" : std::to_string(image[1]) + ", " + std::to_string(image[2]);
  throw ShapeError("the input " + shape.str() + " is not [N, 3, " + size +
                   "], which this network takes");
}

Model Model::load(const std::filesystem::path& path, const ModelOptions& options) {
  return load(read_safetensors(path, options.verify), path.string(), options);
}

Model Model::load(std::span<const std::byte> file, const std::string& name,
                  const ModelOptions& options) {
  return load(read_safetensors(file, name, options.verify), name, options);
}

Model Model::load(Weights weights, const std::string& name, const ModelOptions& options) {
  auto network = std::make_shared<Network>();
  network->weights = std::move(weights);
  network->info = read_model_info(network->weights, name);
  const ModelInfo& info = network->info;
  network->family = &vitq::family(info.family);
  network->image = network->family->image_shape(info.config);
  network->options = options;
  if (numerics_of(info) == Numerics::kIntegerOnly) {
    network->options.lower.numerics = Numerics::kIntegerOnly;
  }
  const Shape& image = network->image;
  network->graph = trace(info, {1, image[0], image[1], image[2]});
  if (const Json& quantization = info.quantization; !quantization.is_null()) {
    network->scheme = load_scheme(network->graph, network->weights, quantization.at("scheme"));
  }
  network->reads_pixels =
      input_type(network->graph, network->scheme, network->graph.inputs()[0]) == DType::kU8;
  if (network->reads_pixels) network->padding = bytes_of_zero(network->graph, network->scheme);
  require_weights(network->graph, network->weights, network->scheme);
  return {network, info};
}

Model::Model(std::shared_ptr<const Network> network, ModelInfo info)
    : network_(std::move(network)), info_(std::make_shared<const ModelInfo>(std::move(info))) {}

Model Model::with_preprocess(const Preprocess& preprocess) const {
  ModelInfo info = *info_;
  info.preprocess = preprocess;
  return {network_, std::move(info)};
}

Model Model::with_threads(int threads) const {
  auto network = std::make_shared<Network>(*network_);
  network->options.session.threads = threads;
  network->pool = std::make_shared<SessionPool>(kMaxShapes);
  return {std::move(network), *info_};
}

Model Model::with_lowering(const LowerOptions& lower) const {
  auto network = std::make_shared<Network>(*network_);
  network->options.lower = lower;
  network->pool = std::make_shared<SessionPool>(kMaxShapes);
  return {std::move(network), *info_};
}

Task Model::task() const {
  return task_of(network_->info);
}

const ModelInfo& Model::info() const {
  return *info_;
}

const Graph& Model::graph() const {
  return network_->graph;
}

bool Model::reads_pixels() const {
  return network_->reads_pixels;
}

Session Model::session(std::int64_t n) const {
  const Shape& image = network_->image;
  return session({n, image[0], image[1], image[2]});
}

Session Model::session(const Shape& input) const {
  network_->require_input(input);
  return Session(network_->pool->executable({input, {}}, [&] {
    return network_->executable(trace(network_->info, input), network_->scheme);
  }));
}

void Model::reserve(const Shape& input) const {
  network_->lease(input);
}

std::vector<Tensor> Model::run(const Tensor& input) const {
  return checked(network_->lease(input.shape()).run(input), network_->graph);
}

std::vector<Tensor> Model::run_padded(const Tensor& input, const Tensor& mask) const {
  SessionPool::Lease session = network_->lease(input.shape(), mask);
  const std::vector<float> zeros(at(input.shape()[1]), 0.0F);
  const Tensor padded = input.dtype() == DType::kU8 ? masked(input, mask, network_->padding)
                                                    : masked(input.to_f32(), mask, zeros);
  return checked(session.run(padded), network_->graph);
}

Tensor Model::prepare(std::span<const Image> images) const {
  std::vector<Image> pixels;
  pixels.reserve(images.size());
  for (const Image& image : images) pixels.push_back(info_->preprocess.pixels(image));
  return input_of(pixels);
}

Tensor Model::input_of(std::span<const Image> pixels) const {
  return network_->reads_pixels ? planes(pixels) : normalize(pixels, info_->preprocess);
}

std::vector<Prediction> Model::classify(const Image& image, std::size_t k) const {
  require_task(*this, Task::kClassification, "names no classes");
  return top_k(run(prepare({&image, 1}))[0].as<float>(), *info_, k);
}

std::vector<Detection> Model::detect(const Image& image, float threshold) const {
  require_task(*this, Task::kDetection, "does not detect objects");
  const std::vector<Tensor> outputs = run(prepare({&image, 1}));
  return detections(outputs[0].as<float>(), outputs[1].as<float>(), *info_,
                    {image.width, image.height}, threshold);
}

ImageFeatures Model::features(const Image& image) const {
  require_task(*this, Task::kFeatures, "gives answers, not features");
  const std::vector<Tensor> outputs = run(prepare({&image, 1}));
  const Shape& map = outputs[1].shape();
  return {outputs[0].reshaped({outputs[0].shape()[1]}),
          outputs[1].reshaped({map[1], map[2], map[3]})};
}

}  // namespace vitq
