// SPDX-License-Identifier: Apache-2.0
#include "serve/image_protocol.h"

#include <algorithm>

#include "draw/component_map.h"
#include "serve/http/multipart.h"
#include "vitq/attention.h"
#include "vitq/family.h"
#include "vitq/graph.h"

namespace vitq::apps {

namespace {

constexpr const char* kImageSource = "the image";

double milliseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

std::string_view main_ability(Task task) {
  switch (task) {
    case Task::kClassification: return "classify";
    case Task::kDetection: return "detect";
    case Task::kFeatures: break;
  }
  return "features";
}

std::string_view file_of_form(std::string_view type, std::string_view body) {
  const std::vector<Part> parts = parse_multipart(type, body);
  const auto named = std::ranges::find(parts, "image", &Part::name);
  if (named != parts.end()) return named->data;
  if (std::ranges::count_if(parts, &Part::file) == 1) {
    return std::ranges::find_if(parts, &Part::file)->data;
  }
  throw HttpError(400, "the form has no part \"image\", and not one file alone");
}

// The members that all answers on maps begin with.
Json map_answer(const std::string& name, const LoadedModel& model, const ImageJob& job) {
  const auto width = static_cast<int>(job.answer.width);
  const auto height = static_cast<int>(job.answer.height);
  const std::array<double, 4> crop = model.model->info().preprocess.visible(width, height);
  return Json::object()
      .set("width", job.answer.width)
      .set("height", job.answer.height)
      .set("crop", Json::array(crop))
      .set("model", name);
}

Json grid(std::int64_t height, std::int64_t width) {
  Json json = Json::array();
  json.push(height);
  return json.push(width);
}

}  // namespace

std::vector<std::string> abilities(const LoadedModel& model) {
  const Task task = model.model->task();
  std::vector<std::string> names = {std::string(main_ability(task))};
  if (model.observed) names.emplace_back("attention");
  if (task == Task::kFeatures) names.emplace_back("components");
  return names;
}

void require_ability(const std::string& name, const LoadedModel& model, std::string_view ability) {
  const std::vector<std::string> known = abilities(model);
  if (std::ranges::find(known, ability) != known.end()) return;
  std::string all;
  for (const std::string& one : known) all += (all.empty() ? "" : ", ") + one;
  throw HttpError(400,
                  "the model '" + name + "' has no " + std::string(ability) + "; it has " + all);
}

Json model_summary(const std::string& name, const LoadedModel& loaded) {
  const Model& model = *loaded.model;
  Json json = Json::object()
                  .set("name", name)
                  .set("version", loaded.version)
                  .set("task", name_of(model.task()))
                  .set("family", model.info().family)
                  .set("classes", class_count(model.info()))
                  .set("format", loaded.format)
                  .set("bytes", loaded.file_bytes)
                  .set("answers", Json::array(abilities(loaded)));
  if (family(model.info().family).any_size) return json;
  const Shape& input = model.graph()[model.graph().inputs()[0]].shape;
  Json shape = Json::array();
  for (int axis = 1; axis < input.rank(); ++axis) shape.push(input[axis]);
  return json.set("input", std::move(shape));
}

std::string_view image_file(const HttpRequest& request) {
  const std::string_view type = request.header("Content-Type");
  const std::string_view file =
      is_multipart(type) ? file_of_form(type, request.body) : std::string_view(request.body);
  if (file.empty()) throw HttpError(400, "there is no image in the request");
  return file;
}

ImageJob prepare(const HttpRequest& request, const Model& model, const ImageLimits& limits) {
  const std::string_view file = image_file(request);
  const Clock::time_point begin = Clock::now();
  const Image image =
      decode_image(std::as_bytes(std::span(file)), kImageSource, Exif::kApply, limits);
  const double decode = milliseconds_since(begin);
  ImageJob job;
  job.pixels = model.info().preprocess.pixels(image);
  job.answer.width = image.width;
  job.answer.height = image.height;
  job.answer.timing = {.decode = decode, .preprocess = milliseconds_since(begin) - decode};
  return job;
}

Json attention_answer(const std::string& name, const LoadedModel& model, const ImageJob& job,
                      std::optional<std::int64_t> query) {
  const Clock::time_point begin = Clock::now();
  const Tensor input = model.observed->input_of({&job.pixels, 1});
  const AttentionMaps maps = attention_maps(*model.observed, input, query);
  const auto patches = static_cast<std::size_t>(maps.height * maps.width);
  std::span<const float> rest = maps.weights;
  Json layers = Json::array();
  for (std::int64_t layer = 0; layer < maps.layers; ++layer) {
    Json heads = Json::array();
    for (std::int64_t head = 0; head < maps.heads; ++head, rest = rest.subspan(patches)) {
      heads.push(Json::array(rest.first(patches)));
    }
    layers.push(std::move(heads));
  }
  Timing timing = *job.answer.timing;
  timing.infer = milliseconds_since(begin);
  return map_answer(name, model, job)
      .set("layers", maps.layers)
      .set("heads", maps.heads)
      .set("grid", grid(maps.height, maps.width))
      .set("maps", std::move(layers))
      .set("timing_ms", to_json(timing));
}

Json components_answer(const std::string& name, const LoadedModel& model, const ImageJob& job,
                       std::span<const Tensor> outputs) {
  const Clock::time_point begin = Clock::now();
  const Image colours = component_colours(outputs[1]);
  Json pixels = Json::array();
  for (std::size_t i = 0; i < colours.rgb.size(); i += 3) {
    Json pixel = Json::array();
    for (std::size_t c = 0; c < 3; ++c) pixel.push(int{colours.rgb[i + c]});
    pixels.push(std::move(pixel));
  }
  Timing timing = *job.answer.timing;
  timing.post = milliseconds_since(begin);
  return map_answer(name, model, job)
      .set("grid", grid(colours.height, colours.width))
      .set("colors", std::move(pixels))
      .set("timing_ms", to_json(timing));
}

}  // namespace vitq::apps
