// SPDX-License-Identifier: Apache-2.0
// Descriptions of a preprocessing that are incomplete, malformed or beyond us.
#include <doctest/doctest.h>

#include <string>

#include "vitq/error.h"
#include "vitq/preprocess.h"

using namespace vitq;

namespace {

Json parse(const std::string& text) {
  return Json::parse(text, "p.json");
}

// The canonical form with one member replaced; an empty value removes it.
std::string changed(const std::string& key, const std::string& value) {
  std::string text = "{";
  for (const auto& [name, member] : preprocess_preset("fb-deit", 224)->to_json().members()) {
    if (name != key) text += "\"" + name + "\": " + member.dump() + ", ";
  }
  if (value.empty()) return text.substr(0, text.size() - 2) + "}";
  return text + "\"" + key + "\": " + value + "}";
}

template <typename Read>
std::string message_of(const Read& read) {
  try {
    read();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a canonical form that is incomplete, contradictory or out of range is refused") {
  const std::pair<const char*, const char*> kBad[] = {
      {"resize", "\"longest_edge\""},
      {"resize", ""},
      {"resize", "1"},
      {"height", "0"},
      {"height", "8193"},
      {"width", "100"},
      {"width", "224.0"},
      {"filter", "\"cubic\""},
      {"fill", "[0, 0]"},
      {"fill", "[0, 0, 256]"},
      {"fill", "[0, -1, 0]"},
      {"crop_height", "-1"},
      {"crop_height", "0"},
      {"crop_offset", "\"ceil\""},
      {"mean", "[0.5, 0.5]"},
      {"mean", "[0.5, 0.5, 1e39]"},
      {"mean", "[0.5, \"0.5\", 0.5]"},
      {"std", "[0.5, 0.5, 0.0]"},
      {"std", "[0.5, -1, 0.5]"},
      {"std", "0"},
      {"std", "1e-60"},
      {"std", "null"},
      {"padding", "3"},
  };
  CHECK_NOTHROW((void)Preprocess::from_json(parse(changed("height", "256"))));
  for (const auto& bad : kBad) {
    const std::string key = bad.first;
    const std::string value = bad.second;
    const std::string message =
        message_of([&] { (void)Preprocess::from_json(parse(changed(key, value))); });
    CHECK_MESSAGE(message.starts_with("p.json"), key << ": " << value << " gave " << message);
  }
  CHECK_THROWS_AS((void)Preprocess::from_json(parse("[]")), FileError);
}

TEST_CASE("what a transformers configuration asks for and we cannot do is refused by name") {
  const std::pair<const char*, const char*> kUnsupported[] = {
      {R"({"image_processor_type": "ConvNextImageProcessor"})", "ConvNextImageProcessor"},
      {R"({"image_processor_type": "ViTHybridImageProcessor"})", "ViTHybridImageProcessor"},
      {R"({"pad_size": {"height": 300, "width": 300}})", "pad_size"},
      {R"({"image_processor_type": "DetrImageProcessor", "pad_size": 5})", "pad_size"},
  };
  for (const auto& unsupported : kUnsupported) {
    const std::string text = unsupported.first;
    const std::string part = unsupported.second;
    CHECK_THROWS_AS((void)preprocess_from_huggingface(parse(text)), UnsupportedError);
    const std::string message = message_of([&] { (void)preprocess_from_huggingface(parse(text)); });
    CHECK_MESSAGE(message.find(part) != std::string::npos, message);
  }
}

TEST_CASE("a configuration that names no processor is of the network's type") {
  const Json empty = parse("{}");
  CHECK(preprocess_from_huggingface(empty, "vit") == preprocess_from_huggingface(empty));
  CHECK(preprocess_from_huggingface(empty, "deit").crop_height == 224);
  CHECK(preprocess_from_huggingface(empty, "detr") == *preprocess_preset("hf-detr", 800));
  CHECK(preprocess_from_huggingface(empty, "clip").crop_height == 224);
  CHECK(preprocess_from_huggingface(empty, "dinov2").crop_height == 224);
  CHECK(preprocess_from_huggingface(empty, "siglip_vision_model").crop_height == 0);
  CHECK_THROWS_AS((void)preprocess_from_huggingface(empty, "convnext"), UnsupportedError);
  const Json named = parse(R"({"image_processor_type": "ViTImageProcessorFast"})");
  CHECK(preprocess_from_huggingface(named, "clip") == preprocess_from_huggingface(empty));
}

TEST_CASE("without a file a network is given what its class of transformers does") {
  const Preprocess vit = *preprocess_of_huggingface("vit", 224, 224);
  CHECK(vit == preprocess_from_huggingface(parse("{}"), "vit"));
  CHECK(preprocess_of_huggingface("vit", 64, 96)->width == 96);
  const Preprocess deit = *preprocess_of_huggingface("deit", 224, 224);
  CHECK(deit == preprocess_from_huggingface(parse("{}"), "deit"));
  CHECK(preprocess_of_huggingface("deit", 448, 224)->height == 512);
  CHECK(preprocess_of_huggingface("detr", 64, 64) == preprocess_preset("hf-detr", 800));
  CHECK_FALSE(preprocess_of_huggingface("swin", 224, 224));
}

TEST_CASE("malformed transformers configurations are refused") {
  for (const char* text :
       {R"({"size": 0})",
        R"({"size": "224"})",
        R"({"size": {"height": 224}})",
        R"({"size": [224]})",
        R"({"size": {"longest_edge": 224}})",
        R"({"size": {"min_pixels": 9, "max_pixels": 99}})",
        R"({"size": {"height": 9, "width": 9, "depth": 9}})",
        R"({"image_processor_type": "DetrImageProcessor", "size": {"shortest_edge": 800}})",
        R"({"rescale_factor": 0})",
        R"({"rescale_factor": -1})",
        R"({"rescale_factor": 1e-60})",
        R"({"rescale_factor": 1e60})",
        R"({"rescale_factor": "1/255"})",
        R"({"do_rescale": 0})",
        R"({"default_to_square": 0, "size": 9})",
        R"({"resample": 6})",
        R"({"resample": "bicubic"})",
        R"({"do_resize": 1})",
        R"({"do_center_crop": true})",
        R"({"image_std": [0.5, 0.5, 0]})",
        R"({"image_std": 0})",
        R"({"image_mean": [0.5]})",
        R"({"image_processor_type": 3})",
        R"({"crop_size": 9000, "do_center_crop": true})",
        R"(["size"])"}) {
    CHECK_THROWS_AS_MESSAGE((void)preprocess_from_huggingface(parse(text)), FileError, text);
  }
}

TEST_CASE("timm configurations that are malformed or beyond us are refused") {
  for (const char* text :
       {R"({"input_size": [3, 224]})", R"({"input_size": 224})", R"({"input_size": [3, 0, 224]})",
        R"({"crop_pct": "0.9"})", R"({"crop_pct": -1})", R"({"crop_mode": 1})",
        R"({"model_args": {"img_size": [1, 2, 3]}, "pretrained_cfg": {"fixed_input_size": true}})",
        R"({"crop_pct": 1e-9})", R"({"std": [1, 1, 0]})", R"({"interpolation": 3})", "[]"}) {
    CHECK_THROWS_AS_MESSAGE((void)preprocess_from_timm(parse(text)), FileError, text);
  }
  for (const char* text :
       {R"({"input_size": [1, 224, 224]})", R"({"interpolation": "random"})",
        R"({"crop_mode": "naflex"})", R"({"crop_mode": "border", "mean": [2, 0, 0]})",
        R"({"model_args": {"in_chans": 1}, "pretrained_cfg": {"input_size": [3, 224, 224]}})"}) {
    CHECK_THROWS_AS_MESSAGE((void)preprocess_from_timm(parse(text)), UnsupportedError, text);
  }
}
