// SPDX-License-Identifier: Apache-2.0
#include "serve/tensor_protocol.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "vitq/family.h"
#include "vitq/graph.h"

namespace vitq::apps {

namespace {

static_assert(std::endian::native == std::endian::little, "binary tensors are little-endian");

constexpr const char* kHeadLength = "Inference-Header-Content-Length";
constexpr const char* kRequestSource = "the request";
constexpr std::size_t kLongestId = 1024;

std::string_view datatype(DType dtype) {
  return dtype == DType::kU8 ? "UINT8" : "FP32";
}

DType input_dtype(const Model& model) {
  return model.reads_pixels() ? DType::kU8 : DType::kF32;
}

const std::string& input_name(const Graph& graph) {
  return graph[graph.inputs()[0]].name;
}

// Extents that may be any are -1.
Json shape_json(const Shape& shape, bool any_size) {
  Json json = Json::array();
  json.push(-1);
  for (int axis = 1; axis < shape.rank(); ++axis) {
    json.push(any_size && axis > 1 ? std::int64_t{-1} : shape[axis]);
  }
  return json;
}

Json tensor_json(const std::string& name, DType dtype, Json shape) {
  return Json::object()
      .set("name", name)
      .set("datatype", datatype(dtype))
      .set("shape", std::move(shape));
}

// The JSON of a request and the tensors behind it.
struct Body {
  Json head;
  std::string_view tail;
};

Body split(const HttpRequest& request) {
  std::string_view head = request.body;
  const std::string_view length = request.header(kHeadLength);
  if (!length.empty()) {
    std::size_t bytes = 0;
    const char* const stop = length.data() + length.size();
    const auto [end, error] = std::from_chars(length.data(), stop, bytes);
    if (error != std::errc() || end != stop || bytes > head.size()) {
      throw HttpError(400, std::string(kHeadLength) + " is \"" + std::string(length) +
                               "\", expected a length within the body of " +
                               std::to_string(head.size()) + " bytes");
    }
    head = head.substr(0, bytes);
  }
  return {Json::parse(head, kRequestSource), std::string_view(request.body).substr(head.size())};
}

Shape parse_shape(const Json& json) {
  std::vector<std::int64_t> extents;
  for (const Json& extent : json.items()) extents.push_back(extent.integer(1, 1 << 20));
  if (extents.size() != 4) json.fail("expected [N, 3, H, W]");
  return Shape(extents);
}

void fill_from_json(const Json& data, Tensor& tensor) {
  const std::vector<float> values = data.nested_floats();
  if (values.size() != static_cast<std::size_t>(tensor.shape().elements())) {
    data.fail(std::to_string(values.size()) + " numbers, expected " +
              std::to_string(tensor.shape().elements()) + " for the shape " + tensor.shape().str());
  }
  if (tensor.dtype() == DType::kF32) {
    std::ranges::copy(values, tensor.as<float>().begin());
    return;
  }
  const std::span<std::uint8_t> bytes = tensor.as<std::uint8_t>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float value = values[i];
    if (value < 0.0F || value > 255.0F || value != std::floor(value)) {
      data.fail("number " + std::to_string(i) + " is no integer from 0 to 255");
    }
    bytes[i] = static_cast<std::uint8_t>(value);
  }
}

void fill_from_bytes(const Json& size, std::string_view tail, Tensor& tensor) {
  const std::size_t expected = tensor.bytes();
  if (size.integer(0, INT64_MAX) != static_cast<std::int64_t>(expected) ||
      tail.size() != expected) {
    size.fail("expected " + std::to_string(expected) + " bytes for the shape " +
              tensor.shape().str() + "; " + std::to_string(tail.size()) + " follow the JSON");
  }
  std::memcpy(tensor.data(), tail.data(), expected);
  if (tensor.dtype() != DType::kF32) return;
  if (!std::ranges::all_of(tensor.as<float>(), [](float v) { return std::isfinite(v); })) {
    size.fail("the tensor has a value that is infinite or no number");
  }
}

Tensor parse_input(const Json& json, std::string_view tail, const Model& model) {
  const std::string& name = input_name(model.graph());
  const DType dtype = input_dtype(model);
  if (json.at("name").string() != name) json.at("name").fail("expected \"" + name + "\"");
  if (json.at("datatype").string() != datatype(dtype)) {
    json.at("datatype").fail("expected \"" + std::string(datatype(dtype)) + "\"");
  }
  const Shape shape = parse_shape(json.at("shape"));
  const Shape& usual = model.graph()[model.graph().inputs()[0]].shape;
  const bool fits = shape[1] == usual[1] && (family(model.info().family).any_size ||
                                             (shape[2] == usual[2] && shape[3] == usual[3]));
  if (!fits) json.at("shape").fail("the model takes [N" + usual.str().substr(2));
  const std::optional<Json> parameters = json.find("parameters");
  const std::optional<Json> size = parameters ? parameters->find("binary_data_size") : std::nullopt;
  const std::optional<Json> data = json.find("data");
  if (size.has_value() == data.has_value()) json.fail("expected either data or binary_data_size");
  // What a tensor of this shape takes came with the request, so that nobody asks for more memory.
  const auto most = static_cast<std::int64_t>(size ? tail.size() : std::size_t{1} << 26);
  if (shape.elements() > most) json.at("shape").fail("there is not so much data");
  Tensor tensor(shape, dtype);
  size ? fill_from_bytes(*size, tail, tensor) : fill_from_json(*data, tensor);
  return tensor;
}

bool flag(const std::optional<Json>& parameters, std::string_view name, bool usual) {
  const std::optional<Json> found = parameters ? parameters->find(name) : std::nullopt;
  return found ? found->boolean() : usual;
}

std::vector<TensorRequest::Output> parse_outputs(const Json& head, const Graph& graph) {
  const bool binary = flag(head.find("parameters"), "binary_data_output", false);
  std::vector<TensorRequest::Output> all;
  for (const GraphOutput& output : graph.outputs()) all.push_back({output.name, binary});
  const std::optional<Json> wanted = head.find("outputs");
  if (!wanted || wanted->items().empty()) return all;
  std::vector<TensorRequest::Output> outputs;
  for (const Json& json : wanted->items()) {
    const std::string name = json.at("name").string();
    const auto same = [&name](const TensorRequest::Output& output) { return output.name == name; };
    if (std::ranges::none_of(all, same))
      json.at("name").fail("the model has no output \"" + name + "\"");
    if (std::ranges::any_of(outputs, same)) json.at("name").fail("it is wanted twice");
    outputs.push_back({name, flag(json.find("parameters"), "binary_data", binary)});
  }
  return outputs;
}

std::size_t index_of(const Graph& graph, const std::string& output) {
  const auto found = std::ranges::find(graph.outputs(), output, &GraphOutput::name);
  return static_cast<std::size_t>(found - graph.outputs().begin());
}

}  // namespace

Json server_metadata() {
  const std::vector<std::string> extensions = {"binary_tensor_data", "model_repository"};
  return Json::object()
      .set("name", "vitq")
      .set("version", VITQ_VERSION)
      .set("extensions", Json::array(extensions));
}

Json model_metadata(const std::string& name, const LoadedModel& loaded) {
  const Model& model = *loaded.model;
  const Graph& graph = model.graph();
  const bool any_size = family(model.info().family).any_size;
  const Shape& input = graph[graph.inputs()[0]].shape;
  Json inputs = Json::array();
  inputs.push(tensor_json(input_name(graph), input_dtype(model), shape_json(input, any_size)));
  Json outputs = Json::array();
  for (const GraphOutput& output : graph.outputs()) {
    outputs.push(
        tensor_json(output.name, DType::kF32, shape_json(graph[output.node].shape, false)));
  }
  return Json::object()
      .set("name", name)
      .set("versions", Json::array(std::vector<std::string>{loaded.version}))
      .set("platform", "vitq_" + loaded.format)
      .set("inputs", std::move(inputs))
      .set("outputs", std::move(outputs));
}

TensorRequest parse_tensor_request(const HttpRequest& request, const Model& model) {
  const Body body = split(request);
  TensorRequest parsed;
  if (const std::optional<Json> id = body.head.find("id")) {
    parsed.id = id->string();
    if (parsed.id.size() > kLongestId) id->fail("it is too long");
  }
  const std::vector<Json> inputs = body.head.at("inputs").items();
  if (inputs.size() != 1) body.head.at("inputs").fail("expected one input");
  parsed.input = parse_input(inputs[0], body.tail, model);
  parsed.outputs = parse_outputs(body.head, model.graph());
  const std::optional<Json> parameters = body.head.find("parameters");
  if (const auto limit = parameters ? parameters->find("timeout") : std::nullopt) {
    parsed.limit = std::chrono::microseconds(limit->integer(0, 3'600'000'000));
    if (parsed.limit->count() == 0) parsed.limit.reset();  // Triton's "no limit"
  }
  return parsed;
}

HttpResponse tensor_response(const TensorRequest& request, const std::string& name,
                             const LoadedModel& model, std::span<const Tensor> outputs) {
  Json list = Json::array();
  std::string tail;
  for (const TensorRequest::Output& wanted : request.outputs) {
    const Tensor& output = outputs[index_of(model.model->graph(), wanted.name)];
    Json json = tensor_json(wanted.name, output.dtype(), Json::array(output.shape().dims()));
    if (wanted.binary) {
      const auto bytes = static_cast<std::int64_t>(output.bytes());
      json.set("parameters", Json::object().set("binary_data_size", bytes));
      tail.append(reinterpret_cast<const char*>(output.data()), output.bytes());
    } else {
      json.set("data", Json::array(output.as<float>()));
    }
    list.push(std::move(json));
  }
  Json head = Json::object().set("model_name", name).set("model_version", model.version);
  if (!request.id.empty()) head.set("id", request.id);
  HttpResponse response;
  response.body = head.set("outputs", std::move(list)).dump();
  if (tail.empty()) return response;
  response.headers.emplace_back(kHeadLength, std::to_string(response.body.size()));
  response.type = "application/octet-stream";
  response.body += tail;
  return response;
}

}  // namespace vitq::apps
