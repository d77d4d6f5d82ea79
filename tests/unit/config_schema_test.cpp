// SPDX-License-Identifier: Apache-2.0
#include "vitq/config_schema.h"

#include <doctest/doctest.h>

#include "vitq/error.h"

namespace vitq {
namespace {

using Use = ConfigKey::Use;

constexpr ConfigKey kKeys[] = {
    {"heads", Use::kHonoured},
    {"dropout", Use::kNoEffect},
    {"act", Use::kFixed, R"(["gelu", "gelu_new"])", "the activation"},
    {"ratio", Use::kFixed, "[4]"},
    {"backbone.stride", Use::kFixed, "[32]"},
    {"labels", Use::kHonoured},
};
constexpr ConfigSchema kSchema = {"a test's", kKeys};

std::vector<std::string> unknown_in(std::string_view text) {
  return check_keys(Json::parse(text, "config.json"), kSchema);
}

std::string refusal_of(std::string_view text) {
  try {
    unknown_in(text);
  } catch (const UnsupportedError& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("keys that a schema does not list are answered with their places, in order") {
  CHECK(unknown_in(R"({"z": 1, "heads": 3, "backbone": {"depth": 2, "stride": 32}, "a": {}})") ==
        std::vector<std::string>{"config.json: $.z", "config.json: $.backbone.depth",
                                 "config.json: $.a"});
}

TEST_CASE("a listed object is not looked into") {
  CHECK(unknown_in(R"({"labels": {"0": "cat"}})").empty());
}

TEST_CASE("a fixed key is accepted at its values, and at null") {
  CHECK(unknown_in(R"({"act": "gelu_new", "ratio": 4.0, "backbone": {"stride": null}})").empty());
}

TEST_CASE("all fixed keys that have another value are named with what is computed") {
  CHECK(refusal_of(R"({"act": "relu", "dropout": 0.5, "backbone": {"stride": 16}})") ==
        "not supported (a test's):\n"
        "  config.json: $.act: \"relu\"; computed is [\"gelu\", \"gelu_new\"] (the activation)\n"
        "  config.json: $.backbone.stride: 16; computed is [32]");
}

TEST_CASE("what is no object is refused") {
  CHECK_THROWS_AS(unknown_in("[1]"), FileError);
}

}  // namespace
}  // namespace vitq
