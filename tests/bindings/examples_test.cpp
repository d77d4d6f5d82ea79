// SPDX-License-Identifier: Apache-2.0
// The programs of docs/examples in other languages.
#include <doctest/doctest.h>

#include <sstream>

#include "apps/run.h"

using namespace vitq;
using namespace vitq::test;

TEST_CASE("the examples in C and Rust name what the one in C++ names") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string image = write_image(temp, "a.png", 1);
  const Result expected = run_example("classify", {model, image});
  const Result in_c = run_example("classify_c", {model, image});
  CHECK_MESSAGE(in_c.out == expected.out, in_c.err);
  const Result refused = run_example("classify_c", {image, image});
  CHECK(refused.code == 1);
  CHECK(refused.err.find(image) != std::string::npos);
  CHECK(run_example("classify_c", {}).code == 2);

  if (!fs::exists(VITQ_PROGRAMS "/../examples/classify_rust")) {
    MESSAGE("skipped: there is no rustc");
    return;
  }
  const Result in_rust = run_example("classify_rust", {model, image});
  REQUIRE_MESSAGE(in_rust.code == 0, in_rust.err);
  std::istringstream mine(in_rust.out);
  std::istringstream theirs(expected.out);
  double score = 0.0;
  double other = 0.0;
  for (std::string label, name; theirs >> other >> name;) {
    mine >> score >> label;
    REQUIRE(!mine.fail());
    CHECK(score == doctest::Approx(other).epsilon(1e-5));
    CHECK(label == name);
  }
}
