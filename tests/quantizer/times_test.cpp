// SPDX-License-Identifier: Apache-2.0
#include "bits/times.h"

#include <doctest/doctest.h>

#include "quantizer/tiny_network.h"

using namespace vitq;
using namespace vitq::test;

namespace {

std::vector<std::int64_t> leveled(const std::vector<std::int64_t>& times) {
  std::vector<BitsLoss> choices;
  for (const std::int64_t time : times) choices.push_back({Bits{}, 0, 0.0, time});
  level_out(choices);
  std::vector<std::int64_t> result;
  for (const BitsLoss& choice : choices) result.push_back(choice.nanoseconds);
  return result;
}

using Times = std::vector<std::int64_t>;

Sensitivities measured(const SearchSpace& space) {
  const TinyNetwork tiny;
  QuantizeOptions options;
  options.threads = 1;
  return measure_sensitivities(tiny.network(), tiny.images(4), recipe_named("minmax"), options,
                               space);
}

}  // namespace

TEST_CASE("times that differ by no more than noise are one time, that of more bits") {
  CHECK(leveled({96'000, 104'000, 100'000}) == Times{100'000, 100'000, 100'000});
  CHECK(leveled({50'000, 99'000, 100'000}) == Times{50'000, 100'000, 100'000});
  CHECK(leveled({100'000, 100'000, 400'000}) == Times{100'000, 100'000, 400'000});
  CHECK(leveled({900, 1'300}) == Times{1'300, 1'300});  // a clock's steps
  CHECK(leveled({700, 1'300}) == Times{700, 1'300});
  CHECK(leveled({5'000}) == Times{5'000});
}

TEST_CASE("layers are timed where that is asked for, and times come through JSON") {
  const Sensitivities found = measured({.bits = {{4}, {8}, {kFloatBits}}, .timed = true});
  CHECK(found.cpu == this_cpu());
  CHECK(found.rest_nanoseconds > 0);
  for (std::size_t i = 0; i < 3; ++i) {
    std::int64_t sum = 0;
    for (const Sensitivities::Group& layer : found.groups) {
      CAPTURE(layer.name);
      CHECK(layer.choices[i].nanoseconds > 0);
      sum += layer.choices[i].nanoseconds;
    }
    CHECK(found.uniform[i].nanoseconds == sum);
  }
  const std::string text = found.to_json().dump();
  const Sensitivities again = Sensitivities::from_json(Json::parse(text, "test"));
  CHECK(again.to_json().dump() == text);
  CHECK(again.groups[1].choices[2].nanoseconds == found.groups[1].choices[2].nanoseconds);

  const Sensitivities untimed = measured({.bits = {{4}, {8}}});
  CHECK(untimed.cpu.empty());
  CHECK(untimed.uniform[0].nanoseconds == 0);
}
