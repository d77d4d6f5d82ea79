// SPDX-License-Identifier: Apache-2.0
// Which images are calibrated on, and how they are named in the record.
#include <doctest/doctest.h>

#include <algorithm>

#include "quantize/calibration_images.h"
#include "quantize/layer_rules.h"
#include "support/temp_folder.h"
#include "vitq/quantize_model.h"

using namespace vitq;
using namespace vitq::apps;
using vitq::test::TempFolder;
namespace fs = std::filesystem;

namespace {

// The names of ten empty images, after a sample of them was taken.
std::vector<std::string> chosen(std::size_t samples, std::optional<std::uint64_t> seed) {
  const TempFolder temp;
  for (int i = 0; i < 10; ++i) temp.file(std::to_string(i) + ".png", "");
  std::vector<std::string> names;
  const std::vector<fs::path> all = calibration_images(temp.path());
  for (const std::size_t index : sample(all.size(), samples, seed)) {
    names.push_back(all[index].stem());
  }
  return names;
}

}  // namespace

TEST_CASE("a sample is spread evenly over the sorted images, or random by its seed alone") {
  CHECK(chosen(5, {}) == std::vector<std::string>{"0", "2", "4", "6", "8"});
  CHECK(chosen(10, 1).size() == 10);
  CHECK(chosen(99, 1).size() == 10);
  const std::vector<std::string> random = chosen(5, 7);
  CHECK(random == chosen(5, 7));
  CHECK(random != chosen(5, 8));
  CHECK(std::is_sorted(random.begin(), random.end()));
  CHECK(std::adjacent_find(random.begin(), random.end()) == random.end());
}

TEST_CASE("random samples have no favourites") {
  std::vector<int> hits(20);
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    for (const std::size_t index : sample(20, 5, seed)) ++hits[index];
  }
  CHECK(*std::min_element(hits.begin(), hits.end()) > 420);  // 500 expected, deviation 19
  CHECK(*std::max_element(hits.begin(), hits.end()) < 580);
}

TEST_CASE("a digest is XXH3 of the files' bytes in their order") {
  const TempFolder temp;
  const fs::path a = temp.file("a", "some");
  const fs::path b = temp.file("b", " bytes");
  const fs::path both = temp.file("both", "some bytes");
  const auto digest = [](std::vector<fs::path> files) { return digest_of(files); };
  CHECK(digest({}) == "2d06800538d394c2");  // that of no bytes, as published
  CHECK(digest({a, b}) == digest({both}));
  CHECK(digest({b, a}) != digest({both}));
  CHECK_THROWS(digest({a, temp.path() / "gone"}));
}

TEST_CASE("bits are read strictly") {
  CHECK(parse_bits("w6a8") == Bits{6, 8});
  CHECK(parse_bits("w2a2") == Bits{2, 2});
  CHECK(parse_bits("w10a16") == Bits{10, 16});
  for (const char* wrong : {"", "w6", "w6a", "w6a8 ", "6a8", "w1a8", "w6a17", "W6A8", "w-6a8",
                            "w06a8", "w6a99999999999", "w6ax", "w6a8a8"}) {
    CAPTURE(wrong);
    CHECK_THROWS(parse_bits(wrong));
  }
  const LayerRule rule = set_rule("a=b=w4a5");
  CHECK(rule.pattern == "a=b");
  CHECK(rule.bits == Bits{4, 5});
}
