// SPDX-License-Identifier: Apache-2.0
// Images in, answers out: what curl and the page speak.
//
//   POST /v1/classify?model=NAME&top=5
//   POST /v1/detect?model=NAME&threshold=0.5
//   POST /v1/features?model=NAME
//   POST /v1/attention?model=NAME&query=7
//   POST /v1/components?model=NAME
//
// The body is an image file, or a form with one.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "common/answer.h"
#include "serve/http/message.h"
#include "serve/repository.h"
#include "vitq/image.h"
#include "vitq/json.h"

namespace vitq::apps {

Json model_summary(const std::string& name, const LoadedModel& model);

// The image file in the body, or in the part "image" of a form, or in the form's only file. Throws
// HttpError (400).
std::string_view image_file(const HttpRequest& request);

// An image on its way through a network.
struct ImageJob {
  Answer answer;  // its size and times
  Image pixels;   // as the network sees it
};

// Throws what decode_image() throws.
ImageJob prepare(const HttpRequest& request, const Model& model, const ImageLimits& limits);

// What /v1/attention and /v1/components answer. `query` is of detectors.
Json attention_answer(const std::string& name, const LoadedModel& model, const ImageJob& job,
                      std::optional<std::int64_t> query);
Json components_answer(const std::string& name, const LoadedModel& model, const ImageJob& job,
                       std::span<const Tensor> outputs);

}  // namespace vitq::apps
