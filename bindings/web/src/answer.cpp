// SPDX-License-Identifier: Apache-2.0
#include "common/answer.h"

#include <chrono>

#include "ask.h"
#include "vitq/attention.h"
#include "vitq/error.h"
#include "vitq/web.h"

namespace vitq::web {

namespace {

using apps::Answer;
using apps::AnswerOptions;

// Milliseconds since the last look.
class Watch {
 public:
  double look() {
    const auto now = Clock::now();
    return std::chrono::duration<double, std::milli>(now - std::exchange(last_, now)).count();
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point last_ = Clock::now();
};

enum class Kind { kClassify, kDetect, kFeatures, kAttention };
constexpr std::array<std::string_view, 4> kKinds = {"classify", "detect", "features", "attention"};

Kind kind_of(const Json& question) {
  const Json kind = question.at("kind");
  const auto found = std::ranges::find(kKinds, kind.string());
  if (found == kKinds.end()) kind.fail("expected classify, detect, features or attention");
  return static_cast<Kind>(found - kKinds.begin());
}

// The question about a model's own answer.
Kind kind_of(Task task) {
  switch (task) {
    case Task::kClassification: return Kind::kClassify;
    case Task::kDetection: return Kind::kDetect;
    case Task::kFeatures: break;
  }
  return Kind::kFeatures;
}

void require(const Model& model, Kind kind) {
  const bool can =
      kind == Kind::kAttention ? has_attention_maps(model) : kind == kind_of(model.task());
  if (can) return;
  throw UnsupportedError("this model does not answer \"" +
                         std::string(kKinds[static_cast<std::size_t>(kind)]) + "\"");
}

Image image_of(const vitq_web_image& image, const std::string& name) {
  c::required(image.bytes, "image->bytes");
  if (image.width == 0 && image.height == 0) {
    const std::span bytes(reinterpret_cast<const std::byte*>(image.bytes), image.count);
    return decode_image(bytes, name, Exif::kApply);
  }
  Image pixels = make_image(image.width, image.height);
  if (pixels.rgb.size() != image.count) {
    throw c::ArgumentError("pixels have " + std::to_string(image.count) + " bytes, expected " +
                           std::to_string(pixels.rgb.size()));
  }
  std::copy_n(image.bytes, image.count, pixels.rgb.data());
  return pixels;
}

AnswerOptions options_of(const Json& question) {
  constexpr std::int64_t kMost = 1'000'000;
  AnswerOptions options;
  if (const auto top = question.find("top")) {
    options.top = static_cast<std::size_t>(top->integer(1, kMost));
  }
  if (const auto threshold = question.find("threshold")) {
    const double value = threshold->number();
    if (value < 0.0 || value > 1.0) threshold->fail("expected 0 to 1");
    options.threshold = static_cast<float>(value);
  }
  return options;
}

Json json_of(const AttentionMaps& maps) {
  const std::int64_t patches = maps.height * maps.width;
  const std::span<const float> weights = maps.weights;
  Json layers = Json::array();
  for (std::int64_t layer = 0; layer < maps.layers; ++layer) {
    Json heads = Json::array();
    for (std::int64_t head = 0; head < maps.heads; ++head) {
      const std::int64_t first = (layer * maps.heads + head) * patches;
      heads.push(Json::array(
          weights.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(patches))));
    }
    layers.push(std::move(heads));
  }
  Json grid = Json::array();
  grid.push(maps.height).push(maps.width);
  Json json = Json::object();
  return json.set("grid", std::move(grid)).set("maps", std::move(layers));
}

Json attention(const Model& model, const Tensor& input, const Json& question) {
  std::optional<std::int64_t> query;
  if (const auto given = question.find("query")) {
    query = given->integer(0, std::numeric_limits<std::int32_t>::max());
  }
  return json_of(attention_maps(observe_attention(model), input, query));
}

Json answer_of(const Model& model, const Json& question, const vitq_web_image& given) {
  const Kind kind = kind_of(question);
  require(model, kind);
  const AnswerOptions options = options_of(question);
  Answer answer;
  answer.image = question.at("image").string();
  apps::Timing timing;
  Watch watch;
  const Image image = image_of(given, answer.image);
  answer.width = image.width;
  answer.height = image.height;
  timing.decode = watch.look();
  const Tensor input = model.prepare({&image, 1});
  timing.preprocess = watch.look();
  Json found = Json::object();
  if (kind == Kind::kAttention) {
    found = attention(model, input, question);
    timing.infer = watch.look();
  } else {
    const std::vector<Tensor> outputs = model.run(input);
    timing.infer = watch.look();
    apps::interpret(outputs, 0, model.info(), options, answer);
    timing.post = watch.look();
  }
  answer.timing = timing;
  Json json = apps::to_json(answer, model.task(), question.at("model").string());
  return json.set_all(found);
}

Json description_of(const c::OpenModel& open) {
  Json json = Json::parse(open.info, "model");
  Json answers = Json::array();
  answers.push(kKinds[static_cast<std::size_t>(kind_of(open.model.task()))]);
  if (has_attention_maps(open.model)) answers.push("attention");
  return json.set("answers", std::move(answers));
}

}  // namespace

}  // namespace vitq::web

const char* vitq_web_isa(void) {
  static const std::string isa = vitq::isa_in_use();
  return isa.c_str();
}

vitq_status vitq_web_describe(vitq_model model, vitq_result* result) {
  return vitq::c::call([&] {
    vitq_result& made = vitq::c::required(result, "result");
    vitq::c::Result found;
    found.set(vitq::web::description_of(*vitq::c::open_model(model)));
    made = vitq::c::hand_out(std::move(found));
  });
}

vitq_status vitq_web_ask(vitq_model model, const char* question, const vitq_web_image* image,
                         vitq_result* result) {
  return vitq::c::ask(model, result, [&](const vitq::Model& network, vitq::c::Result& found) {
    const auto asked = vitq::Json::parse(&vitq::c::required(question, "question"), "question");
    found.set(vitq::web::answer_of(network, asked, vitq::c::required(image, "image")));
  });
}
