// SPDX-License-Identifier: Apache-2.0
// Text within markup, and the ticks of scales.
#include "draw/svg.h"

#include <doctest/doctest.h>

#include <array>

using namespace vitq::apps;

TEST_CASE("characters that mean something in HTML are escaped, others are not") {
  CHECK(escaped("a<b>&\"'c") == "a&lt;b&gt;&amp;&quot;&#39;c");
  CHECK(escaped("blocks.0 \xc3\xa9") == "blocks.0 \xc3\xa9");
  Svg svg({2.0, 1.0}, Svg::Fit::kStretch, "a\"b");
  svg.rect({0.0, 0.0, 1.0, 1.0}, "x", "<&>");
  CHECK(svg.str() ==
        "<svg viewBox=\"0 0 2.00 1.00\" preserveAspectRatio=\"none\" role=\"img\" "
        "aria-label=\"a&quot;b\"><rect x=\"0.00\" y=\"0.00\" width=\"1.00\" height=\"1.00\" "
        "class=\"x\"><title>&lt;&amp;&gt;</title></rect></svg>");
}

TEST_CASE("a linear scale has round ticks around its values") {
  const Scale scale = Scale::linear(std::array{1.3, 5.1}, {100.0, 200.0});
  CHECK(scale.ticks() == std::vector<double>{1.0, 2.0, 3.0, 4.0, 5.0, 6.0});
  CHECK(scale(1.0) == 100.0);
  CHECK(scale(3.5) == doctest::Approx(150.0));
  const Scale one = Scale::linear(std::array{4.0}, {0.0, 1.0});
  CHECK(one.ticks().size() >= 2);
  CHECK(one(4.0) >= 0.0);
  CHECK(one(4.0) <= 1.0);
}

TEST_CASE("a logarithmic scale has ticks at decades, or at 1, 2 and 5 where values are close") {
  const Scale wide = Scale::logarithmic(std::array{0.0004, 0.3}, {90.0, 10.0});
  REQUIRE(wide.ticks().size() == 5);
  CHECK(wide.ticks().front() == doctest::Approx(1e-4));
  CHECK(wide.ticks().back() == doctest::Approx(1.0));
  CHECK(wide(0.01) == doctest::Approx(50.0));
  const Scale close = Scale::logarithmic(std::array{0.3, 1.7}, {0.0, 1.0});
  REQUIRE(close.ticks().size() == 4);  // 0.2, 0.5, 1, 2
  CHECK(close.ticks()[1] == doctest::Approx(0.5));
  CHECK(close.ticks()[3] == doctest::Approx(2.0));
  CHECK(Scale::logarithmic(std::array{1.0}, {0.0, 1.0}).ticks().size() == 2);
}
