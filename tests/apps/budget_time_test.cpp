// SPDX-License-Identifier: Apache-2.0
// Budgets of predicted time: the assignment for a table of times, and as a user asks for it.
#include <algorithm>

#include "bit_search.h"
#include "run.h"
#include "vitq/budget.h"

using namespace vitq;
using namespace vitq::test;

namespace {

// Four layers of three choices each: times in nanoseconds, and losses.
constexpr std::int64_t kTimes[4][3] = {{300'000, 500'000, 900'000},
                                       {200'000, 200'000, 210'000},
                                       {100'000, 350'000, 400'000},
                                       {70'000, 60'000, 500'000}};
constexpr double kLosses[4][3] = {
    {0.5, 0.2, 0.01}, {0.3, 0.1, 0.05}, {0.9, 0.6, 0.02}, {0.08, 0.03, 0.01}};
constexpr std::int64_t kRest = 250'000;
constexpr int kBits[] = {4, 6, 8};

Sensitivities stub() {
  Sensitivities found;
  found.rest_nanoseconds = kRest;
  found.cpu = "a made-up CPU";
  for (std::size_t l = 0; l < 4; ++l) {
    const std::string name = "layer" + std::to_string(l);
    found.groups.push_back({name, {name}, 100, {}});
    for (std::size_t c = 0; c < 3; ++c) {
      found.groups[l].choices.push_back(
          {Bits{kBits[c], 8}, 50 * kBits[c], kLosses[l][c], kTimes[l][c]});
    }
  }
  for (const int bits : kBits) found.uniform.push_back({Bits{bits, 8}, 200 * bits, 0.1, 0});
  return found;
}

BitsChoice choose(double milliseconds) {
  static const Graph graph;
  static const Weights weights;
  static const CalibrationSet calibration;
  static const Recipe recipe;
  static const QuantizeOptions options;
  static const Network network = {graph, weights, {}};
  BitBudget budget;
  budget.milliseconds = milliseconds;
  return choose_bits(budget, {network, calibration, recipe, options, {}}, stub(), 0);
}

struct Total {
  std::int64_t time = kRest;
  double loss = 0.0;

  void add(std::size_t layer, std::size_t choice) {
    time += kTimes[layer][choice];
    loss += kLosses[layer][choice];
  }
};

// Of all 81 assignments.
std::vector<Total> all_totals() {
  std::vector<Total> totals(81);
  for (std::size_t code = 0; code < totals.size(); ++code) {
    std::size_t rest = code;
    for (std::size_t l = 0; l < 4; ++l, rest /= 3) totals[code].add(l, rest % 3);
  }
  return totals;
}

Total total_of(const BitsChoice& choice) {
  Total total;
  for (std::size_t l = 0; l < choice.rules.size(); ++l) {
    const auto* const bits =
        std::find(std::begin(kBits), std::end(kBits), choice.rules[l].bits.value().weights);
    total.add(l, static_cast<std::size_t>(bits - std::begin(kBits)));
  }
  return total;
}

// A model, and images.
struct Desk {
  TempFolder temp;
  std::string model = make_model(temp);
  std::string stats = (temp.path() / "stats.json").string();
  std::string out = (temp.path() / "out.safetensors").string();

  Desk() {
    fs::create_directories(temp.path() / "calib");
    for (int i = 0; i < 4; ++i) write_image(temp, "calib/" + std::to_string(i) + ".png", i);
  }
  Result quantize(std::vector<std::string> more) const {
    const std::string calib = (temp.path() / "calib").string();
    std::vector<std::string> all = {model, "--calib", calib,      "-o",
                                    out,   "--force", "--recipe", "minmax"};
    all.insert(all.end(), more.begin(), more.end());
    return run("vit_quantize", std::move(all));
  }
};

}  // namespace

TEST_CASE("for every budget of time the assignment is the best of all") {
  const std::vector<Total> totals = all_totals();
  std::int64_t min = totals[0].time;
  for (const Total& total : totals) min = std::min(min, total.time);
  for (const Total& budget : totals) {
    const double milliseconds = static_cast<double>(budget.time) / 1e6;
    double best = 1e9;
    for (const Total& total : totals) {
      if (total.time <= budget.time) best = std::min(best, total.loss);
    }
    const BitsChoice choice = choose(milliseconds + 1e-9);
    REQUIRE(choice.rules.size() == 4);
    const Total found = total_of(choice);
    CAPTURE(milliseconds);
    CHECK(found.time <= budget.time);
    CHECK(found.loss == doctest::Approx(best).epsilon(1e-12));
    CHECK(choice.trade_off.unit == "ms");
    CHECK(choice.trade_off.chosen.cost == static_cast<double>(found.time));
  }
  CHECK_THROWS_WITH_AS(choose(static_cast<double>(min - 1) / 1e6),
                       "the least time there can be is 0.910 ms an image on one thread of this CPU "
                       "(a made-up CPU), where fewer bits are faster in 4 of 4 layers, more than "
                       "the budget",
                       BudgetError);
}

TEST_CASE("a budget of milliseconds, and what the answer says of this CPU") {
  const Desk desk;
  const Result made = desk.quantize({"--budget-ms", "1000", "--stats-out", desk.stats});
  REQUIRE_MESSAGE(made.code == 0, made.err);
  CHECK(made.err.find(" ms an image on one thread of this CPU (") != std::string::npos);
  CHECK(made.err.find("of 10 layers") != std::string::npos);
  CHECK(run("vit_infer", {"-m", desk.out, (desk.temp.path() / "calib/0.png").string()}).code == 0);

  const Result never = desk.quantize({"--budget-ms", "0.000001", "--stats-in", desk.stats});
  CHECK(never.code == 2);
  CHECK(never.err.find("the least time there can be is ") != std::string::npos);
  CHECK(desk.quantize({"--budget-bits", "6", "--stats-in", desk.stats}).code == 0);
}

TEST_CASE("statistics without times, or with those of another CPU, are refused") {
  const Desk desk;
  REQUIRE(desk.quantize({"--budget-bits", "6", "--stats-out", desk.stats}).code == 0);
  const Result none = desk.quantize({"--budget-ms", "1000", "--stats-in", desk.stats});
  CHECK(none.code == 4);
  CHECK(none.err.find("without times; measure anew") != std::string::npos);

  REQUIRE(desk.quantize({"--budget-ms", "1000", "--stats-out", desk.stats}).code == 0);
  std::string text = contents_of(desk.stats);
  const std::size_t cpu = text.find("\"cpu\": \"");
  REQUIRE(cpu != std::string::npos);
  text.insert(cpu + 8, "another ");
  const std::string changed = desk.temp.file("changed.json", text);
  const Result other = desk.quantize({"--budget-ms", "1000", "--stats-in", changed});
  CHECK(other.code == 4);
  CHECK(other.err.find("another 'cpu'") != std::string::npos);
  CHECK(desk.quantize({"--budget-ms", "1", "--budget-mb", "1"}).code == 2);
  CHECK(desk.quantize({"--budget-ms", "0"}).code == 2);
}
