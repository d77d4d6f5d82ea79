// SPDX-License-Identifier: Apache-2.0
// ViT and DeiT as published: parameters, multiplications, limits of the configuration, and what a
// plan leaves out.
#include <doctest/doctest.h>

#include "vitq/error.h"
#include "vitq/family.h"
#include "vitq/layers.h"
#include "vitq/session.h"

using namespace vitq;

namespace {

Json config_of(std::int64_t dim, std::int64_t heads, bool distilled) {
  Json json = Json::object();
  json.set("image_height", 224).set("image_width", 224).set("patch", 16);
  json.set("dim", dim).set("depth", 12).set("heads", heads).set("mlp", 4 * dim);
  json.set("classes", 1000).set("eps", 1e-6).set("qkv_bias", true);
  return json.set("dist_token", distilled).set("dist_head", distilled);
}

// A built value knows no file; one that was parsed does.
Json parsed(const Json& json) {
  return Json::parse(json.dump(), "config.json");
}

Graph traced(std::string_view name, const Json& json) {
  Graph graph;
  const Value image = input(graph, "image", {1, 3, 224, 224});
  graph.set_outputs(family(name).trace(Scope(graph), image, json));
  return graph;
}

double millions_of_parameters(const Graph& graph) {
  std::int64_t sum = 0;
  for (const NodeId id : graph.params()) sum += graph[id].shape.elements();
  return 1e-6 * static_cast<double>(sum);
}

double giga_macs(const Graph& graph) {
  std::int64_t sum = 0;
  for (NodeId id = 0; id < graph.size(); ++id) sum += macs(graph, id);
  return 1e-9 * static_cast<double>(sum);
}

std::string refusal(const Json& json) {
  try {
    family("deit").image_shape(parsed(json));
  } catch (const FileError& error) {
    CHECK(error.fault() == Fault::kMalformed);
    return error.what();
  }
  return "nothing was refused";
}

}  // namespace

TEST_CASE("parameters and multiplications are the published ones") {
  struct Published {
    const char* family;
    std::int64_t dim, heads;
    bool distilled;
    double parameters, macs;
  };
  // timm's results tables and the papers; attention's two products are counted.
  const Published all[] = {{"vit", 768, 12, false, 86.57, 17.56},
                           {"deit", 192, 3, false, 5.72, 1.25},
                           {"deit", 384, 6, true, 22.44, 4.62}};
  for (const Published& p : all) {
    CAPTURE(p.dim);
    const Graph graph = traced(p.family, config_of(p.dim, p.heads, p.distilled));
    CHECK(std::abs(millions_of_parameters(graph) - p.parameters) < 0.01);
    CHECK(std::abs(giga_macs(graph) - p.macs) < 0.02);
  }
}

TEST_CASE("values outside the limits are refused with their place") {
  const Json good = config_of(192, 3, true);
  CHECK(family("deit").image_shape(parsed(good)) == Shape{3, 224, 224});
  struct Bad {
    const char* key;
    Json value;
  };
  const Bad all[] = {{"image_height", 0},  {"image_width", 8193}, {"patch", 65},  {"patch", 0},
                     {"dim", 0},           {"dim", 65537},        {"depth", 129}, {"depth", 0},
                     {"heads", 65},        {"heads", 0},          {"mlp", 0},     {"mlp", 65537},
                     {"classes", 1000001}, {"classes", -1},       {"dim", 192.5}, {"eps", "small"},
                     {"qkv_bias", 1},      {"dist_head", "no"},   {"heads", "3"}};
  for (const Bad& bad : all) {
    Json json = good;
    const std::string text = refusal(json.set(bad.key, bad.value));
    CHECK_MESSAGE(text.starts_with(std::string("config.json: $.") + bad.key), text);
  }
}

TEST_CASE("values that contradict each other are refused") {
  const Json good = config_of(192, 3, true);
  struct Bad {
    const char* key;
    Json value;
    const char* says;
  };
  const Bad all[] = {{"image_height", 225, "does not divide the image"},
                     {"patch", 15, "does not divide the image"},
                     {"heads", 5, "do not divide the width"},
                     {"eps", 0.0, "eps must be positive"},
                     {"eps", -1e-6, "eps must be positive"},
                     {"eps", 1e300, "eps must be positive"},
                     {"dist_token", false, "needs its token"}};
  for (const Bad& bad : all) {
    Json json = good;
    const std::string text = refusal(json.set(bad.key, bad.value));
    CHECK_MESSAGE(text.find(bad.says) != std::string::npos, text);
  }
}

TEST_CASE("every key of a configuration is needed") {
  const Json good = config_of(192, 3, false);
  for (const auto& [missing, value] : good.members()) {
    Json json = Json::object();
    for (const auto& [key, other] : good.members()) {
      if (key != missing) json.set(key, other);
    }
    const std::string text = refusal(json);
    CHECK_MESSAGE(text.find(missing) != std::string::npos, text);
  }
}

TEST_CASE("an unknown architecture is refused with the known ones") {
  CHECK_THROWS_WITH_AS(
      family("resnet"),
      "unknown architecture 'resnet'; known: deit, yolos, vit, conditional_detr, detr",
      UnsupportedError);
}
