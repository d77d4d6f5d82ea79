// SPDX-License-Identifier: Apache-2.0
// What the C interface answers is what the C++ library answers, bit for bit.
#include <algorithm>
#include <cstring>
#include <thread>

#include "bindings/c_support.h"
#include "vitq/json.h"
#include "vitq/model.h"
#include "vitq/model_file.h"
#include "vitq/quantize_model.h"

using namespace vitq;
using namespace vitq::test;

namespace {

bool same(std::span<const float> a, std::span<const float> b) {
  return std::ranges::equal(a, b);
}

}  // namespace

TEST_CASE("a classifier names the same classes, of a path, of bytes and of pixels") {
  const TempFolder temp;
  const std::string path = make_model(temp);
  const std::string file = write_image(temp, "a.png", 1);
  const Image image = read_image(file, Exif::kApply);
  const std::vector<Prediction> expected = Model::load(path).classify(image, 3);
  const OpenModel model(path);
  const std::string bytes = contents_of(file);
  std::vector<std::uint8_t> spread;  // rows are apart
  const auto line = static_cast<std::size_t>(3 * image.width);
  for (int y = 0; y < image.height; ++y) {
    spread.insert(spread.end(), image.row(y), image.row(y) + line);
    spread.resize(spread.size() + 5);
  }

  vitq_image images[3] = {};
  for (vitq_image& each : images) each.size = sizeof(each);
  images[0].path = file.c_str();
  images[1].bytes = bytes.data();
  images[1].byte_count = bytes.size();
  images[2].rgb = spread.data();
  images[2].width = image.width;
  images[2].height = image.height;
  images[2].row_bytes = static_cast<std::int64_t>(line + 5);
  for (const vitq_image& each : images) {
    OpenResult result;
    REQUIRE_MESSAGE(vitq_classify(model, &each, 3, result.out()) == VITQ_OK, vitq_last_error());
    REQUIRE(result.classes().size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(result.classes()[i].id == expected[i].id);
      CHECK(result.classes()[i].label == expected[i].label);
      CHECK(result.classes()[i].score == expected[i].score);
    }
    CHECK(result.tensors().empty());
    CHECK(result.objects().empty());
    CHECK(result.text().empty());
  }
}

TEST_CASE("images are prepared and run as the C++ library does it, from any memory") {
  const TempFolder temp;
  const std::string path = make_model(temp);
  const std::string names[] = {write_image(temp, "a.png", 1), write_image(temp, "b.png", 2)};
  const Model reference = Model::load(path);
  std::vector<Image> images;
  for (const std::string& name : names) images.push_back(read_image(name, Exif::kApply));
  const Tensor expected = reference.prepare(images);
  const OpenModel model(path);
  const vitq_image given[] = {image_at(names[0]), image_at(names[1])};
  OpenResult prepared;
  REQUIRE_MESSAGE(vitq_prepare(model, given, 2, prepared.out()) == VITQ_OK, vitq_last_error());
  const vitq_tensor input = prepared.tensors()[0];
  CHECK(std::string(input.name) == "input");
  CHECK(std::ranges::equal(std::span(input.shape, 4), expected.shape().dims()));
  CHECK(same(floats(input), expected.as<float>()));

  std::vector<std::byte> apart(expected.bytes() + 1);  // of no alignment
  std::memcpy(apart.data() + 1, input.data, expected.bytes());
  vitq_tensor crooked = input;
  crooked.data = apart.data() + 1;
  for (const vitq_tensor& each : {input, crooked}) {
    OpenResult outputs;
    REQUIRE_MESSAGE(vitq_run(model, &each, outputs.out()) == VITQ_OK, vitq_last_error());
    REQUIRE(outputs.tensors().size() == 1);
    CHECK(std::string(outputs.tensors()[0].name) == "logits");
    CHECK(same(floats(outputs.tensors()[0]), reference.run(expected)[0].as<float>()));
  }
}

TEST_CASE("a detector finds the same objects, and a tower gives the same features") {
  const TempFolder temp;
  const std::string file = write_image(temp, "a.png", 1);
  const Image image = read_image(file, Exif::kApply);
  const vitq_image given = image_at(file);
  const std::string detector = make_model(temp, "hf_detr");
  const std::vector<Detection> expected = Model::load(detector).detect(image, 0.1F);
  OpenResult found;
  REQUIRE_MESSAGE(vitq_detect(OpenModel(detector), &given, 0.1F, found.out()) == VITQ_OK,
                  vitq_last_error());
  REQUIRE(!expected.empty());
  REQUIRE(found.objects().size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(found.objects()[i].id == expected[i].id);
    CHECK(found.objects()[i].score == expected[i].score);
    CHECK(found.objects()[i].x1 == expected[i].box.x1);
    CHECK(found.objects()[i].y0 == expected[i].box.y0);
    CHECK(found.objects()[i].query == expected[i].query);
  }

  const std::string tower = make_model(temp, "hf_dinov2");
  const ImageFeatures features = Model::load(tower).features(image);
  OpenResult described;
  REQUIRE_MESSAGE(vitq_features(OpenModel(tower), &given, described.out()) == VITQ_OK,
                  vitq_last_error());
  REQUIRE(described.tensors().size() == 2);
  CHECK(same(floats(described.tensors()[0]), features.pooled.as<float>()));
  CHECK(same(floats(described.tensors()[1]), features.tokens.as<float>()));
  CHECK(described.tensors()[1].rank == 3);
}

TEST_CASE("models are converted and quantized, and tell what they are") {
  const TempFolder temp;
  const std::string source = golden("hf_vit").string();
  const std::string model = (temp.path() / "float.safetensors").string();
  const std::string coded = (temp.path() / "int8.safetensors").string();
  OpenResult converted;
  REQUIRE_MESSAGE(vitq_convert(source.c_str(), model.c_str(), nullptr, converted.out()) == VITQ_OK,
                  vitq_last_error());
  CHECK(Json::parse(converted.text(), "report").at("family").string() == "vit");
  CHECK(contents_of(model) == contents_of(make_model(temp, "hf_vit")));

  const std::string image = write_image(temp, "a.png", 1);
  const char* images[] = {image.c_str()};
  std::int64_t layers = 0;
  vitq_quantize_options options = {};
  options.size = sizeof(options);
  options.weight_bits = 8;
  options.user = &layers;
  options.progress = [](const vitq_progress* progress, void* user) {
    CHECK(progress->index < progress->count);
    ++*static_cast<std::int64_t*>(user);
    return 0;
  };
  OpenResult quantized;
  REQUIRE_MESSAGE(
      vitq_quantize(model.c_str(), images, 1, coded.c_str(), &options, quantized.out()) == VITQ_OK,
      vitq_last_error());
  CHECK(layers > 0);
  CHECK(Json::parse(quantized.text(), "report").at("images").number() == 1.0);
  const OpenModel open(coded);
  const char* text = nullptr;
  REQUIRE(vitq_model_info(open, &text) == VITQ_OK);
  const Json info = Json::parse(text, "info");
  CHECK(info.at("task").string() == "classification");
  CHECK(info.at("pixels").boolean());
  CHECK(info.at("outputs").items()[0].at("name").string() == "logits");
  CHECK(!info.at("quantization").is_null());

  check_failed(vitq_quantize(model.c_str(), images, 1, coded.c_str(), &options, nullptr),
               VITQ_UNREADABLE, "existing file");
  const std::string before = contents_of(coded);
  options.overwrite = 1;
  options.progress = [](const vitq_progress*, void*) { return 1; };
  check_failed(vitq_quantize(model.c_str(), images, 1, coded.c_str(), &options, nullptr),
               VITQ_CANCELLED, "stop");
  CHECK(contents_of(coded) == before);
}

TEST_CASE("without images a model is quantized on generated ones") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string coded = (temp.path() / "int8.safetensors").string();
  vitq_quantize_options options = {};
  options.size = sizeof(options);
  options.limit = 4;
  OpenResult quantized;
  REQUIRE_MESSAGE(
      vitq_quantize(model.c_str(), nullptr, 0, coded.c_str(), &options, quantized.out()) == VITQ_OK,
      vitq_last_error());
  CHECK(Json::parse(quantized.text(), "report").at("images").number() == 4.0);
  QuantizeModelOptions expected;
  expected.limit = 4;
  expected.generate_images = true;
  const QuantizedModel made = quantize_model(model, std::span<const fs::path>(), expected);
  const std::string other = (temp.path() / "other.safetensors").string();
  write_model(other, made.info, made.weights, Overwrite::kNo);
  CHECK(contents_of(coded) == contents_of(other));
}

TEST_CASE("one model serves many threads, and a file's bytes make the same model") {
  const TempFolder temp;
  const std::string path = make_model(temp);
  const std::string bytes = contents_of(path);
  vitq_model copy = 0;
  REQUIRE(vitq_model_load_bytes(bytes.data(), bytes.size(), nullptr, &copy) == VITQ_OK);
  const std::string file = write_image(temp, "a.png", 1);
  const vitq_image image = image_at(file);
  std::vector<float> scores(8);
  {
    std::vector<std::jthread> threads;
    for (float& score : scores) {
      threads.emplace_back([&] {
        vitq_result result = 0;
        const vitq_class* classes = nullptr;
        size_t count = 0;
        if (vitq_classify(copy, &image, 1, &result) != VITQ_OK) return;
        if (vitq_result_classes(result, &classes, &count) == VITQ_OK) score = classes[0].score;
        vitq_result_free(result);
      });
    }
  }
  const Image decoded = read_image(file, Exif::kApply);
  const float expected = Model::load(path).classify(decoded, 1)[0].score;
  for (const float score : scores) CHECK(score == expected);
  CHECK(vitq_model_close(copy) == VITQ_OK);
}
