// SPDX-License-Identifier: Apache-2.0
// How fast a model runs: latencies of one configuration, what each step costs, and both as text.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "vitq/json.h"
#include "vitq/session.h"

namespace vitq::apps {

struct BenchConfig {
  std::filesystem::path model;
  std::int64_t batch = 1;
  SessionOptions session;  // threads resolved
  int warmup = 10;
  int iterations = 0;    // 0: until `seconds` have passed, three runs at least
  double seconds = 3.0;  // of measurement
  bool per_op = false;
};

// One step, or all steps of one kind.
struct OpTime {
  std::string name;       // of the step; for a kind how many steps it has
  std::string op;         // "Linear + GELU"
  std::string kernel;     // the implementations chosen
  std::string shape;      // of the result; empty for a kind
  double giga_ops = 0.0;  // in one run: a multiply-accumulate is two operations
  double milliseconds = 0.0;
};

struct BenchResult {
  BenchConfig config;
  double load_ms = 0.0;      // opening, lowering and creating the session
  double peak_rss_mb = 0.0;  // most resident memory of the process while this was measured, 2^20
  std::vector<double> latencies_ms;  // rising
  std::vector<OpTime> steps;         // means of one run, the rest "outside of steps" last

  double mean_ms() const;
  double images_per_second() const;  // by the mean
  // The smallest latency that at least `share` of the runs do not exceed.
  double percentile_ms(double share) const;
};

// Loads the model anew, so that load time is that of a start. Throws what Model::load throws.
BenchResult measure(const BenchConfig& config);

// The steps added up by kind, the most expensive first.
std::vector<OpTime> by_kind(std::span<const OpTime> steps);

std::string to_markdown(std::span<const BenchResult> results);
std::string to_csv(std::span<const BenchResult> results);
// An object for one result, an array for several.
Json to_json(std::span<const BenchResult> results);
// The steps of a mean run in Chrome's trace event format, one process for each result.
Json to_trace(std::span<const BenchResult> results);

}  // namespace vitq::apps
