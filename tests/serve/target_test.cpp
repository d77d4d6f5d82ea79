// SPDX-License-Identifier: Apache-2.0
#include "serve/http/target.h"

#include <doctest/doctest.h>

#include "serve/http/message.h"

using namespace vitq::apps;

namespace {

// The status that a target is refused with, or 0.
int refused(const std::string& text) {
  try {
    parse_target(text);
  } catch (const HttpError& error) {
    return error.status();
  }
  return 0;
}

}  // namespace

TEST_CASE("a target is split before it is decoded") {
  const Target target = parse_target("/v2/models/a%2Fb/infer?x=1%262&y=a+b&z=&w");
  CHECK(target.path == "/v2/models/a%2Fb/infer");
  CHECK(target.segments == std::vector<std::string>{"v2", "models", "a/b", "infer"});
  CHECK(target.query ==
        std::map<std::string, std::string>{{"x", "1&2"}, {"y", "a b"}, {"z", ""}, {"w", ""}});
  CHECK(parse_target("/").segments.empty());
  CHECK(parse_target("//a//").segments == std::vector<std::string>{"a"});
  CHECK(parse_target("/a%41").segments == std::vector<std::string>{"aA"});
}

TEST_CASE("targets that are none are refused") {
  for (const char* text : {"", "v1", "http://host/", "*", "/%", "/%4", "/%zz", "/%00", "/a\x01",
                           "/?a=1&a=2", "/?%41=1&A=2", "/?a=%7f"}) {
    CAPTURE(text);
    CHECK(refused(text) == 400);
  }
}

TEST_CASE("numbers of the query are whole and within their range") {
  const Target target = parse_target("/?i=7&f=0.25&bad=7x&nan=nan&big=99999999999999999999");
  CHECK(target.integer("i", 1, 0, 10) == 7);
  CHECK(target.integer("absent", 3, 0, 10) == 3);
  CHECK(target.number("f", 1.0, 0.0, 1.0) == 0.25);
  CHECK(target.number("absent", 0.5, 0.0, 1.0) == 0.5);
  CHECK_THROWS_WITH_AS(target.integer("i", 1, 8, 10),
                       "'i' is \"7\", expected an integer from 8 to 10", HttpError);
  CHECK_THROWS_AS(target.integer("bad", 1, 0, 10), HttpError);
  CHECK_THROWS_AS(target.integer("big", 1, 0, 10), HttpError);
  CHECK_THROWS_AS(target.integer("f", 1, 0, 10), HttpError);
  CHECK_THROWS_AS(target.number("nan", 1.0, 0.0, 1.0), HttpError);
}

TEST_CASE("a parameter that nobody knows is refused by name") {
  const Target target = parse_target("/v1/classify?modell=deit");
  const std::string_view known[] = {"model", "top"};
  CHECK_THROWS_WITH_AS(target.require_known(known),
                       "'modell' is no parameter of /v1/classify, which takes model, top",
                       HttpError);
}
