// SPDX-License-Identifier: Apache-2.0
// The Open Inference Protocol, version 2, over REST, with the extension for binary tensors
// (github.com/kserve/open-inference-protocol). Tensors in, tensors out.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "serve/http/message.h"
#include "serve/repository.h"
#include "vitq/json.h"

namespace vitq::apps {

struct TensorRequest {
  struct Output {
    std::string name;
    bool binary = false;
  };

  std::string id;
  Tensor input;                                    // [N, 3, H, W]
  std::vector<Output> outputs;                     // those wanted, in this order
  std::optional<std::chrono::microseconds> limit;  // of time
};

Json server_metadata();
Json model_metadata(const std::string& name, const LoadedModel& model);

// Throws HttpError (400) for whatever does not fit the protocol or the model, naming the place, and
// FileError for what is no JSON.
TensorRequest parse_tensor_request(const HttpRequest& request, const Model& model);

// `outputs` are the network's.
HttpResponse tensor_response(const TensorRequest& request, const std::string& name,
                             const LoadedModel& model, std::span<const Tensor> outputs);

}  // namespace vitq::apps
