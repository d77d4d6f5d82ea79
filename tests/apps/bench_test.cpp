// SPDX-License-Identifier: Apache-2.0
// vit_bench: what it measures adds up, as a table, as JSON and as a trace.
#include <cmath>

#include "run.h"
#include "vitq/json.h"

using namespace vitq;
using namespace vitq::test;

TEST_CASE("vit_bench's steps add up to the mean run, in JSON and in the trace") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string trace = (temp.path() / "steps.json").string();
  const Result result = run("vit_bench", {model, "-b", "1,2", "--warmup", "1", "--iters", "3",
                                          "--format", "json", "--trace", trace});
  REQUIRE(result.code == 0);
  const std::vector<Json> measured = Json::parse(result.out, "bench").items();
  REQUIRE(measured.size() == 2);
  std::vector<double> ends(2, 0.0);
  std::vector<std::size_t> steps(2, 0);
  std::size_t names = 0;
  for (const Json& event : Json::parse(contents_of(trace), "trace").at("traceEvents").items()) {
    const auto process = static_cast<std::size_t>(event.at("pid").integer(0, 1));
    if (event.at("ph").string() == "M") {
      ++names;
      continue;
    }
    CHECK(event.at("ts").number() == doctest::Approx(ends[process]));
    ends[process] += event.at("dur").number();
    ++steps[process];
  }
  CHECK(names == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(steps[i] == measured[i].at("per_step").items().size());
    const double mean = measured[i].at("latency_ms").at("mean").number();
    CHECK(ends[i] == doctest::Approx(1e3 * mean));
    CHECK(measured[i].at("latency_ms").at("min").number() <= mean);
    CHECK(measured[i].at("batch").integer(1, 2) == static_cast<std::int64_t>(i) + 1);
  }
}

TEST_CASE("vit_bench prints a table of each model, and replaces a trace only when told to") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string trace = (temp.path() / "steps.json").string();
  const std::vector<std::string> arguments = {model, "--warmup", "0",  "--iters",
                                              "1",   "--trace",  trace};
  const Result first = run("vit_bench", arguments);
  CHECK(first.code == 0);
  CHECK(first.out.find("| model | batch | threads | ISA |") == 0);
  CHECK(first.out.find("| hf_vit.safetensors | 1 | 1 |") != std::string::npos);
  CHECK(first.out.find("| blocks.0.attn.qkv | Linear |") != std::string::npos);
  CHECK(run("vit_bench", arguments).code == 3);
  std::vector<std::string> forced = arguments;
  forced.emplace_back("--force");
  CHECK(run("vit_bench", forced).code == 0);
}

TEST_CASE("beside neighbours vit_bench measures one thread and the usual number") {
  const TempFolder temp;
  const Result result = run({.program = "vit_bench",
                             .arguments = {make_model(temp), "--neighbours", "2", "--warmup", "0",
                                           "--iters", "3", "--format", "json"},
                             .environment = "VITQ_NUM_THREADS=2"});
  REQUIRE(result.code == 0);
  const std::vector<Json> measured = Json::parse(result.out, "bench").items();
  REQUIRE(measured.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(measured[i].at("neighbours").integer(0, 2) == 2);
    CHECK(measured[i].at("threads").integer(1, 2) == static_cast<std::int64_t>(i) + 1);
  }
}

TEST_CASE("vit_bench measures a network of any size at the size that it is told") {
  const TempFolder temp;
  const auto bench = [](const std::string& model, const std::string& size) {
    return run("vit_bench", {model, "--image-size", size, "--warmup", "0", "--iters", "1",
                             "--per-op", "--format", "json"});
  };
  const Result result = bench(make_model(temp, "hf_detr"), "64,96");
  REQUIRE(result.code == 0);
  const Json measured = Json::parse(result.out, "bench");
  CHECK(measured.at("image_size").items().at(0).integer(64, 64) == 64);
  CHECK(measured.at("image_size").items().at(1).integer(96, 96) == 96);
  bool whole_map = false;  // of the stem: half of each side
  for (const Json& step : measured.at("per_step").items())
    whole_map = whole_map || step.at("shape").string().ends_with("32, 48]");
  CHECK(whole_map);
  check_refused(bench(make_model(temp, "hf_vit"), "64,96"), 4, "--image-size");
}
