// SPDX-License-Identifier: Apache-2.0
// The Open Inference Protocol's messages, on a small quantized model that reads pixels and on a
// float one.
#include "serve/tensor_protocol.h"

#include <doctest/doctest.h>

#include <cstring>

#include "apps/run.h"
#include "vitq/error.h"

using namespace vitq;
using namespace vitq::apps;
using namespace vitq::test;

namespace {

fs::path default_model() {
  return fs::path(VITQ_PROGRAMS) / ".." / "share" / "vitq" / "default.safetensors";
}

HttpRequest request_of(std::string body, Headers headers = {}) {
  HttpRequest request;
  request.body = std::move(body);
  request.headers = std::move(headers);
  return request;
}

// A request with `bytes` behind its JSON.
HttpRequest binary(const std::string& head, const std::string& bytes) {
  return request_of(head + bytes,
                    {{"inference-header-content-length", std::to_string(head.size())}});
}

LoadedModel loaded(const Model& model, const std::string& format) {
  return {std::make_shared<const Model>(model), nullptr, nullptr, "3", format, 0};
}

std::string refusal(const HttpRequest& request, const Model& model) {
  try {
    parse_tensor_request(request, model);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::string numbers(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += (i == 0 ? "" : ",") + std::to_string(i % 256);
  return text;
}

std::string input_json(const std::string& shape, const std::string& rest,
                       const std::string& datatype = "FP32") {
  return R"({"inputs":[{"name":"image","datatype":")" + datatype + R"(","shape":)" + shape + "," +
         rest + "}]}";
}

}  // namespace

TEST_CASE("tensors come as JSON, flat or nested, and as bytes") {
  const TempFolder temp;
  const Model model = Model::load(make_model(temp));  // float, 3 x 16 x 16
  const std::string flat = numbers(768);
  TensorRequest request = parse_tensor_request(
      request_of(R"({"id":"a","parameters":{"timeout":2500},"inputs":[{"name":"image",)"
                 R"("datatype":"FP32","shape":[1,3,16,16],"data":[)" +
                 flat + "]}]}"),
      model);
  CHECK(request.id == "a");
  REQUIRE(request.limit.has_value());
  CHECK(request.limit->count() == 2500);
  CHECK(request.input.shape() == Shape{1, 3, 16, 16});
  CHECK(request.input.as<float>()[767] == 255.0F);
  REQUIRE(request.outputs.size() == 1);
  CHECK(request.outputs[0].name == "logits");
  CHECK_FALSE(request.outputs[0].binary);

  std::string nested = "[";
  for (int i = 0; i < 48; ++i) nested += (i == 0 ? "[" : ",[") + numbers(16) + "]";
  request = parse_tensor_request(request_of(input_json("[1,3,16,16]", "\"data\":" + nested + "]")),
                                 model);
  CHECK(request.input.as<float>()[17] == 1.0F);

  std::vector<float> values(2 * 768, 0.5F);
  const std::string bytes(reinterpret_cast<const char*>(values.data()), values.size() * 4);
  const std::string head =
      R"({"outputs":[{"name":"logits","parameters":{"binary_data":true}}],"inputs":[)"
      R"({"name":"image","datatype":"FP32","shape":[2,3,16,16],)"
      R"("parameters":{"binary_data_size":6144}}]})";
  request = parse_tensor_request(binary(head, bytes), model);
  CHECK(request.input.shape()[0] == 2);
  CHECK(request.input.as<float>()[1535] == 0.5F);
  CHECK(request.outputs[0].binary);
}

TEST_CASE("what does not fit the model is refused with its place") {
  const TempFolder temp;
  const Model model = Model::load(make_model(temp));
  const auto check = [&](const HttpRequest& request, const std::string& part) {
    const std::string said = refusal(request, model);
    CHECK_MESSAGE(said.find(part) != std::string::npos, said);
  };
  const std::string data = "\"data\":[" + numbers(768) + "]";
  check(request_of(""), "the request");
  check(request_of("{}"), "inputs");
  check(request_of("{\"inputs\":[]}"), "expected one input");
  check(request_of(input_json("[1,3,16,16]", data, "UINT8")),
        "$.inputs[0].datatype: expected \"FP32\"");
  check(request_of(input_json("[1,3,16,17]", data)),
        "$.inputs[0].shape: the model takes [N, 3, 16, 16]");
  check(request_of(input_json("[3,16,16]", data)), "expected [N, 3, H, W]");
  check(request_of(input_json("[0,3,16,16]", data)), "shape[0]");
  check(request_of(input_json("[2,3,16,16]", data)), "768 numbers, expected 1536");
  check(request_of(input_json("[1000000,3,16,16]", data)), "there is not so much data");
  check(request_of(input_json("[1,3,16,16]", "\"x\":1")), "either data or binary_data_size");
  check(request_of(input_json("[1,3,16,16]", "\"data\":[[1,2],3]")), "expected");
  const std::string head = input_json("[1,3,16,16]", "\"parameters\":{\"binary_data_size\":3072}");
  check(binary(head, std::string(3071, 'a')), "expected 3072 bytes");
  std::string infinite(3072, '\0');
  const float inf = HUGE_VALF;
  std::memcpy(infinite.data() + 400, &inf, 4);
  check(binary(head, infinite), "infinite");
  check(request_of("{}", {{"Inference-Header-Content-Length", "3"}}), "expected a length within");
  check(request_of("{}", {{"Inference-Header-Content-Length", "-1"}}), "expected a length within");
  check(request_of("{\"outputs\":[{\"name\":\"boxes\"}]," +
                   input_json("[1,3,16,16]", data).substr(1)),
        "the model has no output \"boxes\"");
}

TEST_CASE("a model that reads pixels takes bytes and nothing else") {
  const Model model = Model::load(default_model());
  const std::string bytes(3072, '\x7f');
  const std::string head =
      input_json("[1,3,32,32]", "\"parameters\":{\"binary_data_size\":3072}", "UINT8");
  CHECK(parse_tensor_request(binary(head, bytes), model).input.dtype() == DType::kU8);
  std::string data = numbers(3072);
  const auto with = [&](const std::string& first) {
    return refusal(
        request_of(input_json("[1,3,32,32]", "\"data\":[" + first + data.substr(1) + "]", "UINT8")),
        model);
  };
  CHECK(with("0") == "");
  for (const char* value : {"-1", "256", "0.5"}) {
    CAPTURE(value);
    CHECK(with(value).find("number 0 is no integer from 0 to 255") != std::string::npos);
  }
}

TEST_CASE("metadata and answers are what the protocol wants") {
  const TempFolder temp;
  const Model model = Model::load(make_model(temp));
  const LoadedModel served = loaded(model, "float");
  CHECK(model_metadata("m", served).dump() ==
        R"({"name":"m","versions":["3"],"platform":"vitq_float","inputs":[{"name":"image",)"
        R"("datatype":"FP32","shape":[-1,3,16,16]}],"outputs":[{"name":"logits",)"
        R"("datatype":"FP32","shape":[-1,10]}]})");
  Tensor logits({1, 2}, DType::kF32);
  logits.as<float>()[1] = 0.25F;
  TensorRequest request;
  request.id = "q";
  request.outputs = {{"logits", false}};
  CHECK(tensor_response(request, "m", served, {&logits, 1}).body ==
        R"({"model_name":"m","model_version":"3","id":"q","outputs":[{"name":"logits",)"
        R"("datatype":"FP32","shape":[1,2],"data":[0.0,0.25]}]})");
  request.outputs[0].binary = true;
  const HttpResponse response = tensor_response(request, "m", served, {&logits, 1});
  REQUIRE(response.headers.size() == 1);
  const std::size_t head = std::stoul(response.headers[0].second);
  CHECK(response.body.size() == head + 8);
  CHECK(response.type == "application/octet-stream");
  CHECK(std::memcmp(response.body.data() + head, logits.data(), 8) == 0);
}
