// SPDX-License-Identifier: Apache-2.0
#include "serve/image_protocol.h"

#include <algorithm>

#include "common/model_facts.h"
#include "common/stopwatch.h"
#include "draw/map_json.h"
#include "serve/http/multipart.h"
#include "vitq/attention.h"

namespace vitq::apps {

namespace {

constexpr const char* kImageSource = "the image";

std::string_view file_of_form(std::string_view type, std::string_view body) {
  const std::vector<Part> parts = parse_multipart(type, body);
  const auto named = std::ranges::find(parts, "image", &Part::name);
  if (named != parts.end()) return named->data;
  if (std::ranges::count_if(parts, &Part::file) == 1) {
    return std::ranges::find_if(parts, &Part::file)->data;
  }
  throw HttpError(400, "the form has no part \"image\", and not one file alone");
}

}  // namespace

Json model_summary(const std::string& name, const LoadedModel& loaded) {
  return Json::object()
      .set("name", name)
      .set("version", loaded.version)
      .set_all(model_facts(*loaded.model, loaded.file_bytes));
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
  Stopwatch watch;
  const Image image =
      decode_image(std::as_bytes(std::span(file)), kImageSource, Exif::kApply, limits);
  ImageJob job;
  Timing& timing = job.answer.timing.emplace();
  timing.decode = watch.lap();
  job.pixels = model.info().preprocess.pixels(image);
  timing.preprocess = watch.lap();
  job.answer.width = image.width;
  job.answer.height = image.height;
  return job;
}

Json attention_answer(const std::string& name, const LoadedModel& model, const ImageJob& job,
                      std::optional<std::int64_t> query) {
  Stopwatch watch;
  const Tensor input = model.observed->input_of({&job.pixels, 1});
  const AttentionMaps maps = attention_maps(*model.observed, input, query);
  Timing timing = *job.answer.timing;
  timing.infer = watch.lap();
  return map_json(job.answer, model.model->info().preprocess, name)
      .set_all(map_json(maps))
      .set("timing_ms", to_json(timing));
}

Json components_answer(const std::string& name, const LoadedModel& model, const ImageJob& job,
                       std::span<const Tensor> outputs) {
  Stopwatch watch;
  const Json components = components_json(outputs[1]);
  Timing timing = *job.answer.timing;
  timing.post = watch.lap();
  return map_json(job.answer, model.model->info().preprocess, name)
      .set_all(components)
      .set("timing_ms", to_json(timing));
}

}  // namespace vitq::apps
