// SPDX-License-Identifier: Apache-2.0
#include "serve/http/multipart.h"

#include <doctest/doctest.h>

#include "serve/http/message.h"

using namespace vitq::apps;

namespace {

constexpr std::string_view kType = "multipart/form-data; boundary=xyz";

std::string refusal(std::string_view type, std::string_view body) {
  try {
    parse_multipart(type, body);
  } catch (const HttpError& error) {
    CHECK(error.status() == 400);
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("the parts of a form keep every byte of their data") {
  const std::string body =
      "preamble\r\n--xyz\r\n"
      "Content-Disposition: form-data; name=\"image\"; filename=\"a;\\\"b.png\"\r\n"
      "Content-Type: image/png\r\n\r\n"
      "\r\n--xy\r\nz\r\n\r\n--xyz\r\n"
      "content-disposition: form-data; name=note\r\n\r\n"
      "hello\r\n--xyz\r\n\r\nno head\r\n--xyz--\r\nepilogue";
  const std::vector<Part> parts = parse_multipart(kType, body);
  REQUIRE(parts.size() == 3);
  CHECK(parts[0].name == "image");
  CHECK(parts[0].file);
  CHECK(parts[0].data == "\r\n--xy\r\nz\r\n");
  CHECK(parts[1].name == "note");
  CHECK_FALSE(parts[1].file);
  CHECK(parts[1].data == "hello");
  CHECK(parts[2].name.empty());
  CHECK(parts[2].data == "no head");
}

TEST_CASE("the boundary may be quoted, and is taken as it is written") {
  CHECK(is_multipart("Multipart/Form-Data; boundary=a"));
  CHECK_FALSE(is_multipart("image/png"));
  CHECK(parse_multipart("multipart/form-data; charset=utf-8; Boundary=\"a b\"",
                        "--a b\r\n\r\nx\r\n--a b--")[0]
            .data == "x");
  CHECK(refusal("multipart/form-data; boundary=XYZ", "--xyz\r\n\r\nx\r\n--xyz--")
            .find("does not have its boundary") != std::string::npos);
}

TEST_CASE("bodies that are no form are refused") {
  CHECK(refusal("multipart/form-data", "").find("boundary of 1 to 70") != std::string::npos);
  CHECK(refusal("multipart/form-data; boundary=" + std::string(71, 'a'), "") != "");
  CHECK(refusal(kType, "") != "");
  CHECK(refusal(kType, "--xyz") != "");
  CHECK(refusal(kType, "--xyz\r\n") != "");
  CHECK(refusal(kType, "--xyz\r\n\r\ncut off").find("ends before") != std::string::npos);
  CHECK(refusal(kType, "--xyz\r\nA: b\r\n--xyz--").find("empty line") != std::string::npos);
  CHECK(refusal(kType, "--xyzw\r\n\r\n\r\n--xyz--").find("after a boundary") != std::string::npos);
  std::string many;
  for (int i = 0; i < 101; ++i) many += "--xyz\r\n\r\nx\r\n";
  CHECK(refusal(kType, many + "--xyz--").find("more than 100") != std::string::npos);
  CHECK(parse_multipart(kType, "--xyz--").empty());
}
