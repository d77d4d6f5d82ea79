// SPDX-License-Identifier: Apache-2.0
// What strangers send to vit_serve: the first byte says whether the rest is a request's target, a
// form or a tensor.
#include "fuzz/target.h"
#include "serve/http/multipart.h"
#include "serve/http/target.h"
#include "serve/tensor_protocol.h"

using namespace vitq;
using namespace vitq::apps;

namespace {

void check_target(std::string_view text) {
  const Target target = parse_target(text);
  if (!text.starts_with(target.path)) __builtin_trap();
  for (const std::string& segment : target.segments) {
    if (segment.empty()) __builtin_trap();
    for (const char c : segment) {
      if (static_cast<unsigned char>(c) < 0x20) __builtin_trap();
    }
  }
}

// The first line is the type. Parts lie in the body, one behind the other.
void check_form(std::string_view text) {
  const std::string_view type = text.substr(0, text.find('\n'));
  const std::string_view body = text.substr(std::min(text.size(), type.size() + 1));
  const char* end = body.data();
  for (const Part& part : parse_multipart(type, body)) {
    if (part.data.data() < end) __builtin_trap();
    end = part.data.data() + part.data.size();
  }
  if (end > body.data() + body.size()) __builtin_trap();
}

// The first line is the length of the JSON.
void check_tensor(std::string_view text) {
  static const Model model = Model::load(VITQ_PRETRAINED "/vit-cifar10/int8.safetensors");
  const std::string_view length = text.substr(0, text.find('\n'));
  HttpRequest request;
  request.headers = {{"Inference-Header-Content-Length", std::string(length)}};
  request.body = text.substr(std::min(text.size(), length.size() + 1));
  const TensorRequest parsed = parse_tensor_request(request, model);
  const Shape& shape = parsed.input.shape();
  if (shape != Shape{shape[0], 3, 32, 32} || parsed.outputs.size() != 1) __builtin_trap();
}

}  // namespace

void check(std::span<const std::uint8_t> input) {
  if (input.empty()) return;
  const std::string_view rest = as_text(input.subspan(1));
  switch (input[0]) {
    case 't': return check_target(rest);
    case 'f': return check_form(rest);
    default: return check_tensor(rest);
  }
}
