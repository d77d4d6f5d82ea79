// SPDX-License-Identifier: Apache-2.0
#include "vitq/json.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

#include "support/malformed.h"
#include "support/temp_folder.h"

using namespace vitq;
using namespace vitq::test;
namespace fs = std::filesystem;

namespace {

std::string refusal(std::string_view text, const Json::Limits& limits = {}) {
  const Refusal found = refusal_of([&] { (void)Json::parse(text, "config.json", limits); });
  CHECK(found.fault == Fault::kMalformed);
  check_parts(found.message, {"config.json: "});
  return found.message;
}

}  // namespace

TEST_CASE("values are read by kind, in the order of the text") {
  const Json json = Json::parse(
      R"({"b": [1, -2.5, "x\u00e9", true, null], "a": {"c": 1e3}, "n": null})", "config.json");
  const auto items = json.at("b").items();
  REQUIRE(items.size() == 5);
  CHECK(items[0].integer(0, 1) == 1);
  CHECK(items[1].number() == -2.5);
  CHECK(items[2].string() == "x\xC3\xA9");
  CHECK(items[3].boolean());
  CHECK(items[4].is_null());
  CHECK(json.at("a").at("c").number() == 1000.0);
  CHECK_FALSE(json.at("a").at("c").is_integer());
  CHECK(json.members()[0].first == "b");
  CHECK(json.members()[1].first == "a");
  CHECK(json.contains("n"));
  CHECK_FALSE(json.find("n").has_value());
  CHECK_FALSE(json.find("missing").has_value());
  CHECK(json.find("a").has_value());
}

TEST_CASE("every value knows its place, and failures name it") {
  const Json json = Json::parse(R"({"a": {"b": [0, 1, "two"]}, "blocks.0.qkv": 7})", "config.json");
  CHECK(json.place() == "config.json: $");
  CHECK(json.at("a").at("b").items()[2].place() == "config.json: $.a.b[2]");
  CHECK(json.at("blocks.0.qkv").place() == "config.json: $[\"blocks.0.qkv\"]");
  const auto message = [](const auto& read) { return refusal_of(read).message; };
  CHECK(message([&] { (void)json.at("a").at("b").items()[2].number(); }) ==
        "config.json: $.a.b[2]: expected a number, found the string \"two\"");
  CHECK(message([&] { (void)json.at("a").at("x"); }) ==
        "config.json: $.a: expected a member \"x\", found none");
  CHECK(message([&] { (void)json.at("a").items(); }) ==
        "config.json: $.a: expected an array, found an object");
  CHECK(message([&] { (void)json.at("a").at("b").floats(); }) ==
        "config.json: $.a.b[2]: expected a number, found the string \"two\"");
  CHECK(message([&] { json.at("a").fail("no"); }) == "config.json: $.a: no");
}

TEST_CASE("an integer is an integer, in range, or refused") {
  const auto value = [](std::string_view text) { return Json::parse(text, "n"); };
  CHECK(value("9223372036854775807").integer(0, INT64_MAX) == INT64_MAX);
  CHECK(value("-9223372036854775808").integer(INT64_MIN, 0) == INT64_MIN);
  CHECK(refusal_of([&] { (void)value("11").integer(0, 10); }).message ==
        "n: $: expected an integer from 0 to 10, found 11");
  for (const std::string_view text : {"-1", "1.5", "1e2", "1.0", "-0", "9223372036854775808",
                                      "18446744073709551616", "\"1\"", "true", "null", "[1]"}) {
    CAPTURE(text);
    CHECK(refusal_of([&] { (void)value(text).integer(0, INT64_MAX); }).fault == Fault::kMalformed);
  }
  CHECK(value("9223372036854775808").is_number());
  CHECK_FALSE(value("9223372036854775808").is_integer());
}

TEST_CASE("duplicate keys are refused with the place of their object") {
  CHECK(refusal(R"({"a": {"k": 1, "k": 2}})") == "config.json: $.a: the key \"k\" occurs twice");
  CHECK(refusal(R"([0, {"k": [1], "k": 2}])") == "config.json: $[1]: the key \"k\" occurs twice");
  CHECK_NOTHROW((void)Json::parse(R"([{"k": 1}, {"k": 2}])", "config.json"));
}

TEST_CASE("whatever is not one strict JSON value is refused at its byte") {
  check_parts(refusal("{\"a\": nul}"), {"byte ", "not valid JSON"});
  for (const std::string_view text :
       {"",        " ",      "{",           "{\"a\"", "{\"a\":}", "{\"a\":1,}", "[1,]",
        "[1 2]",   "{} {}",  "1 2",         "NaN",    "Infinity", "-Infinity",  "1e999",
        "01",      "+1",     ".5",          "1.",     "'a'",      "{a:1}",      "// c\n1",
        "\"\\x\"", "\"\n\"", "\"\\ud800\"", "tru",    "[",        "]"}) {
    CAPTURE(text);
    (void)refusal(text);
  }
}

TEST_CASE("text that is not UTF-8 or holds a NUL byte is refused") {
  (void)refusal("\"\xff\"");
  (void)refusal("\"\xc0\xaf\"");
  (void)refusal("\"\xed\xa0\x80\"");
  (void)refusal(std::string_view("{}\0{}", 5));
  check_parts(refusal(std::string_view("{}\0", 3)), {"byte 2", "NUL"});
}

TEST_CASE("depth, tokens, strings and bytes are limited") {
  const auto nested = [](int depth) {
    const auto count = static_cast<std::size_t>(depth);
    return std::string(count, '[') + std::string(count, ']');
  };
  CHECK_NOTHROW((void)Json::parse(nested(64), "config.json"));
  check_parts(refusal(nested(65)), {"nested deeper than 64"});
  check_parts(refusal(nested(1'000'000)), {"nested deeper than 64"});
  check_parts(refusal("{\"a\":[[]]}", {.depth = 2}), {"$.a[0]", "nested deeper than 2"});
  CHECK_NOTHROW((void)Json::parse("[1,2,3]", "config.json", {.tokens = 4}));
  check_parts(refusal("[1,2,3,4]", {.tokens = 4}), {"$[3]", "more than 4"});
  check_parts(refusal("{\"long\":\"abcd\"}", {.string_bytes = 3}), {"a string of 4 bytes"});
  check_parts(refusal("[\"abcd\"]", {.string_bytes = 3}), {"$[0]", "at most 3"});
  check_parts(refusal("[1,2,3]", {.bytes = 6}), {"7 bytes", "at most 6"});
}

TEST_CASE("many keys are read in time that grows with their number") {
  std::string text = "{";
  for (int i = 0; i < 200'000; ++i) text += (i > 0 ? ",\"k" : "\"k") + std::to_string(i) + "\":1";
  CHECK(Json::parse(text + "}", "big.json").members().size() == 200'000);
}

TEST_CASE("what is built is written in order and read back") {
  Json json = Json::object();
  const std::vector<float> mean = {0.485F, 0.1F, 1e-45F, 3.4028235e38F};
  json.set("name", "a\"b").set("n", 3).set("big", std::int64_t{1} << 60).set("x", 0.25);
  json.set("flag", true).set("none", Json()).set("mean", Json::array(mean)).set("n", 4);
  Json list = Json::array();
  list.push("x").push(Json::object());
  json.set("list", list);
  CHECK(json.dump() ==
        R"({"name":"a\"b","n":4,"big":1152921504606846976,"x":0.25,"flag":true,"none":null,)"
        R"("mean":[0.485,0.1,1e-45,3.4028235e+38],"list":["x",{}]})");
  CHECK(Json::parse(json.dump(2), "text").at("mean").floats() == mean);
}

TEST_CASE("numbers that JSON cannot write become null, bytes that are not UTF-8 become U+FFFD") {
  CHECK(Json(std::numeric_limits<double>::infinity()).is_null());
  const std::vector<float> nan = {std::nanf("")};
  CHECK(Json::array(nan).dump() == "[null]");
  CHECK(Json("a\xff").dump() == "\"a\xEF\xBF\xBD\"");
}

TEST_CASE("copies and members are values: changing one changes no other") {
  Json a = Json::parse(R"({"x": {"y": 1}})", "a.json");
  Json b = a;
  Json x = a.at("x");
  b.set("x", 2);
  x.set("y", 3);
  CHECK(a.dump() == R"({"x":{"y":1}})");
  CHECK(b.dump() == R"({"x":2})");
  CHECK(x.dump() == R"({"y":3})");
  a.set("self", a);
  CHECK(a.dump() == R"({"x":{"y":1},"self":{"x":{"y":1}}})");
}

TEST_CASE("setting a member of an array or appending to an object is refused") {
  CHECK_THROWS_AS(Json::array().set("a", 1), FileError);
  CHECK_THROWS_AS(Json::object().push(1), FileError);
}

TEST_CASE("a number too large for a float is refused as one") {
  CHECK(Json::parse("[[1, [2]], [], 3]", "f").nested_floats() == std::vector<float>{1, 2, 3});
  check_parts(
      refusal_of([] { (void)Json::parse("[[1], [2, \"x\"]]", "f").nested_floats(); }).message,
      {"f: $[1][1]", "expected a number, found the string \"x\""});
  check_parts(refusal_of([] { (void)Json::parse("[[1e39]]", "f").nested_floats(); }).message,
              {"f: $[0][0]"});
  check_parts(refusal_of([] { (void)Json::parse("1", "f").nested_floats(); }).message,
              {"expected an array"});
  check_parts(refusal_of([] { (void)Json::parse("[1, 1e39]", "f").floats(); }).message,
              {"f: $[1]", "fits a float"});
}

TEST_CASE("a JSON file is read whole and named in messages") {
  const TempFolder folder;
  const auto path = folder.file("config.json", "{\"a\": 1}");
  CHECK(Json::read(path).at("a").integer(0, 1) == 1);
  const Refusal missing = refusal_of([&] { (void)Json::read(folder.path() / "none.json"); });
  CHECK(missing.fault == Fault::kUnreadable);
  check_parts(missing.message, {"none.json", "cannot open", "No such file"});
  const Refusal directory = refusal_of([&] { (void)Json::read(folder.path()); });
  CHECK(directory.fault == Fault::kUnreadable);
  check_parts(directory.message, {"a folder", "expected a regular file"});
}

TEST_CASE("lists of a file are handed on element by element, the rest is answered") {
  const TempFolder temp;
  const std::string text(100'000, 'x');  // longer than what is read at a time
  const std::string json = R"({"a": [1, [2, {"b": 3}], ")" + text +
                           R"("], "c": {"d": [4]}, "e": [], "f": [{"g": null}]})";
  std::vector<std::string> seen;
  const Json rest = Json::read_lists(
      temp.file("l.json", json), {}, [&](const std::string& member, const Json& element) {
        const std::string place = element.place();
        seen.push_back(member + place.substr(place.rfind('$')) + " " + element.dump());
      });
  CHECK(seen == std::vector<std::string>{"a$.a[0] 1", "a$.a[1] [2,{\"b\":3}]",
                                         "a$.a[2] \"" + text + "\"", "f$.f[0] {\"g\":null}"});
  CHECK(rest.dump() == R"({"a":[],"c":{"d":[4]},"e":[],"f":[]})");
}

TEST_CASE("lists are read as strictly as all JSON, within limits for each element") {
  const TempFolder temp;
  const auto refused = [&temp](std::string_view text, const Json::Limits& limits = {}) {
    const fs::path file = temp.file("l.json", text);
    return refusal_of([&] { Json::read_lists(file, limits, [](const auto&, const auto&) {}); })
        .message;
  };
  using namespace std::string_view_literals;
  check_parts(refused("{\"a\": [1]}\0"sv), {"l.json", "byte 10", "a NUL byte"});
  check_parts(refused("{\"a\": [1]} x"), {"not valid JSON"});
  check_parts(refused("{\"a\": [1"), {"not valid JSON"});
  check_parts(refused(""), {"not valid JSON"});
  check_parts(refused(R"({"a": [{}, {"b": 1, "b": 2}]})"), {"$.a[1]", "\"b\" occurs twice"});
  check_parts(refused(R"({"a": [1], "a": [2]})"), {"$", "\"a\" occurs twice"});
  check_parts(refused("{\"a\": [1, 2, 3]}", {.bytes = 5}), {"JSON of 16 bytes"});
  check_parts(refused("{\"a\": [1, [1, 2, 3, 4]]}", {.tokens = 4}), {"more than 4 values"});
  CHECK(Json::read_lists(temp.file("l.json", "{\"a\": [1, 2, 3, 4, 5, 6, 7]}"), {.tokens = 4},
                         [](const auto&, const auto&) {})
            .contains("a"));
}

TEST_CASE("an object takes all members of another, in place of its own of the same name") {
  Json json = Json::object();
  json.set("a", 1).set("b", 2);
  json.set_all(Json::object().set("b", 3).set("c", Json::array(std::vector<double>{0.1, 2.0})));
  CHECK(json.dump() == R"({"a":1,"b":3,"c":[0.1,2.0]})");
  CHECK_THROWS_AS(json.set_all(Json::array()), FileError);
}
