// SPDX-License-Identifier: Apache-2.0
// Detectors of every kind: what their checkpoints must have, and their answers on integers.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>

#include "support/naive_scheme.h"
#include "support/temp_folder.h"
#include "vitq/convert.h"
#include "vitq/error.h"
#include "vitq/model_file.h"
#include "vitq/quantize_model.h"

using namespace vitq;
using vitq::test::TempFolder;
namespace fs = std::filesystem;

namespace {

const std::string kKinds[] = {"hf_yolos", "hf_yolos_plain", "hf_detr_dc5_basic",
                              "hf_table_transformer", "hf_conditional_detr"};

Checkpoint checkpoint(const std::string& name) {
  return read_checkpoint(fs::path(VITQ_TEST_FILES) / "golden" / "models" / name);
}

Checkpoint saying(const std::string& name, const char* key, const Json& value) {
  Checkpoint source = checkpoint(name);
  source.config.set(key, value);
  source.config = Json::parse(source.config.dump(), "config.json");
  return source;
}

std::string refusal(const Checkpoint& source) {
  try {
    (void)convert(source, {});
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was refused";
}

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Image speckled(int width, int height, std::uint32_t state) {
  Image image = make_image(width, height);
  for (std::uint8_t& value : image.rgb) {
    state = state * 1664525U + 1013904223U;
    value = static_cast<std::uint8_t>(state >> 24U);
  }
  return image;
}

// Squared values to squared differences, in dB.
double signal_to_noise(const Tensor& found, const Tensor& wanted) {
  double signal = 0.0;
  double noise = 1e-30;
  for (std::size_t i = 0; i < wanted.as<float>().size(); ++i) {
    const auto value = static_cast<double>(wanted.as<float>()[i]);
    const double off = static_cast<double>(found.as<float>()[i]) - value;
    signal += value * value;
    noise += off * off;
  }
  return 10.0 * std::log10(signal / noise);
}

}  // namespace

TEST_CASE(
    "a detector on integers gives the same bits on both backends, for any number of threads") {
  for (const std::string& kind : kKinds) {
    CAPTURE(kind);
    const TempFolder temp;
    const fs::path file = temp.path() / "float.safetensors";
    const Converted made = convert(checkpoint(kind), {});
    write_safetensors(file, made.weights, Overwrite::kNo);
    const Model model = Model::load(file, {.session = {.threads = 1}, .lower = {}});
    const fs::path coded = temp.path() / "int8.safetensors";
    write_safetensors(coded,
                      vitq::test::naive_quantized(made.weights, model.graph(), model.info(), 8),
                      Overwrite::kNo);
    const Model fast = Model::load(coded, {.session = {.threads = 2}, .lower = {}});
    const Model plain = Model::load(
        coded, {.session = {.threads = 1, .backend = Backend::kReference}, .lower = {}});
    CHECK(fast.reads_pixels());
    for (const auto& [width, height] : {std::pair(64, 48), std::pair(40, 60)}) {
      const Image image = speckled(width, height, 7);
      const Tensor input = fast.prepare({&image, 1});
      const auto found = fast.run(input);
      const auto expected = plain.run(input);
      for (const std::size_t output : {0U, 1U})
        CHECK(std::ranges::equal(found[output].as<float>(), expected[output].as<float>()));
    }
  }
}

TEST_CASE("a detector is quantized by the default recipe for images of several sizes") {
  for (const std::string& kind : kKinds) {
    CAPTURE(kind);
    const TempFolder temp;
    const fs::path file = temp.path() / "float.safetensors";
    const Converted made = convert(checkpoint(kind), {});
    write_model(file, made.info, made.weights, Overwrite::kNo);
    std::vector<Image> images;
    for (std::uint32_t i = 0; i < 4; ++i)
      images.push_back(speckled(i % 2 == 0 ? 64 : 45, i % 2 == 0 ? 48 : 60, i));
    const QuantizedModel coded = quantize_model(file, images, {.threads = 1});
    write_model(temp.path() / "int8.safetensors", coded.info, coded.weights, Overwrite::kNo);
    const Model reference = Model::load(file);
    const Model model = Model::load(temp.path() / "int8.safetensors");
    const Image image = speckled(64, 48, 9);
    const auto found = model.run(model.prepare({&image, 1}));
    const auto wanted = reference.run(reference.prepare({&image, 1}));
    const double logits = signal_to_noise(found[0], wanted[0]);
    const double boxes = signal_to_noise(found[1], wanted[1]);
    CAPTURE(logits);
    CAPTURE(boxes);
    CHECK(logits > 22.0);
    CHECK(boxes > 22.0);
  }
}

TEST_CASE("each key that a detector honours changes its answers") {
  struct Case {
    const char* golden;
    const char* key;
    Json other;
  };
  const Case all[] = {{"hf_yolos_plain", "hidden_act", "gelu"},
                      {"hf_yolos_plain", "layer_norm_eps", 1e-12},
                      {"hf_yolos", "num_attention_heads", 4},
                      {"hf_conditional_detr", "decoder_attention_heads", 4},
                      {"hf_conditional_detr_v5", "auxiliary_loss", false}};
  const auto logits = [](const Checkpoint& source, const Tensor& input) {
    const TempFolder temp;
    const fs::path file = temp.path() / "model.safetensors";
    write_safetensors(file, convert(source, {}).weights, Overwrite::kNo);
    return Model::load(file, {.session = {.threads = 1}, .lower = {}}).run(input)[0];
  };
  for (const Case& c : all) {
    CAPTURE(c.key);
    const Weights expected = read_safetensors(fs::path(VITQ_TEST_FILES) / "golden" / "models" /
                                              c.golden / "expected.safetensors");
    const Tensor& wanted = expected.at("logits");
    const Tensor& input = expected.at("input");
    CHECK(signal_to_noise(logits(checkpoint(c.golden), input), wanted) > 80.0);
    CHECK(signal_to_noise(logits(saying(c.golden, c.key, c.other), input), wanted) < 60.0);
  }
}

TEST_CASE("half a detector's checkpoint is refused with all that is missing") {
  struct Case {
    const char* golden;
    const char* without;
    const char* missing;
  };
  const Case all[] = {
      {"hf_table_transformer", "model.encoder.layernorm.bias", "transformer.encoder.norm.bias"},
      {"hf_conditional_detr", "model.decoder.ref_point_head.layers.1.bias",
       "transformer.decoder.ref_point_head.layers.1.bias"},
      {"hf_conditional_detr", "model.decoder.layers.0.ca_qpos_sine_proj.weight",
       "multihead_attn.q_pos_sine_proj.weight"},
      {"hf_yolos", "bbox_predictor.layers.1.weight", "bbox_embed.layers.1.weight"},
      {"hf_yolos", "vit.embeddings.cls_token", "cls_token"}};
  for (const Case& c : all) {
    Checkpoint source = checkpoint(c.golden);
    REQUIRE(source.weights.tensors.erase(c.without) == 1);
    const std::string text = refusal(source);
    CHECK_MESSAGE((says(text, "missing: ") && says(text, c.missing)), text);
  }
}

TEST_CASE("a configuration that contradicts a detector's tensors is refused by its key") {
  const Json sizes = Json::array().push(32).push(56);
  struct Case {
    const char* golden;
    const char* key;
    Json value;
    const char* says;
  };
  const Case all[] = {
      {"hf_yolos", "use_mid_position_embeddings", false, "$.use_mid_position_embeddings"},
      {"hf_yolos_plain", "use_mid_position_embeddings", true, "$.use_mid_position_embeddings"},
      {"hf_yolos", "num_detection_tokens", 100, "$.num_detection_tokens"},
      {"hf_yolos", "num_hidden_layers", 12, "$.num_hidden_layers"},
      {"hf_yolos", "image_size", sizes, "28 patches of image_size and 5 detection tokens need 34"},
      {"hf_yolos", "image_size", 32, "$.image_size"},
      {"hf_yolos", "num_attention_heads", 5, "the heads do not divide the width"},
      {"hf_table_transformer", "num_queries", 125, "$.num_queries"},
      {"hf_table_transformer", "model_type", "detr", "unexpected: transformer.encoder.norm.bias"},
      {"hf_conditional_detr", "decoder_layers", 6, "$.decoder_layers"},
      {"hf_conditional_detr", "position_embedding_type", "learned", "position_embedding_type"},
      {"hf_detr", "model_type", "table-transformer", "missing: transformer.encoder.norm.weight"}};
  for (const Case& c : all) {
    const std::string text = refusal(saying(c.golden, c.key, c.value));
    CHECK_MESSAGE(says(text, c.says), c.key, ": ", text);
  }
}

TEST_CASE("a bare YOLOS is refused, because nothing says what its positions are of") {
  Checkpoint bare = checkpoint("hf_yolos");
  bare.config = Json::object();
  CHECK(says(refusal(bare), "config.json"));
}

TEST_CASE("a bare Table Transformer and a bare Conditional DETR are known by their tensors") {
  for (const auto& [golden, family] : {std::pair("hf_table_transformer", "detr"),
                                       std::pair("hf_conditional_detr", "conditional_detr")}) {
    Checkpoint bare = checkpoint(golden);
    const ModelInfo whole = convert(bare, {}).info;
    ConvertOptions options;
    options.heads = whole.config.at("decoder_heads").integer(1, 64);
    bare.config = Json::object();
    const Converted made = convert(bare, options);
    CHECK(made.info.family == family);
    CHECK(made.info.scores == whole.scores);
    CHECK(made.info.config.at("normalize_first").dump() ==
          whole.config.at("normalize_first").dump());
  }
}

TEST_CASE("names of classes may have gaps, and count from 0 or from 1") {
  const auto labels = [](const std::string& golden, const char* map) {
    return convert(saying(golden, "id2label", Json::parse(map, "map")), {}).info.labels;
  };
  using Names = std::vector<std::string>;
  CHECK(labels("hf_conditional_detr", R"({"2": "ant", "7": "bee"})") ==
        Names{"", "", "ant", "", "", "", "", "bee"});
  CHECK(labels("hf_table_transformer", R"({"0": "table", "1": "table rotated"})") ==
        Names{"table", "table rotated"});
  // transformers counts as many classes as there are names. The last one is none of the network's.
  const Converted from_one = convert(
      saying("hf_table_transformer", "id2label", Json::parse(R"({"1": "ant", "2": "bee"})", "map")),
      {});
  CHECK(from_one.info.labels == Names{"", "ant"});
  REQUIRE(from_one.assumptions.size() == 1);
  CHECK(says(from_one.assumptions[0], "'bee'"));
  CHECK(says(refusal(saying("hf_table_transformer", "id2label",
                            Json::parse(R"({"0": "a", "2": "b"})", "map"))),
             "3 labels, but the network has 2 classes"));
  CHECK(says(refusal(saying("hf_table_transformer", "id2label",
                            Json::parse(R"({"1": "a", "9": "b"})", "map"))),
             "10 labels, but the network has 2 classes"));
}
