// SPDX-License-Identifier: Apache-2.0
// This measures how fast a model runs: the latencies of one configuration, and what each step
// costs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vitq/detection.h"
#include "vitq/session.h"

namespace vitq::apps {

struct BenchConfig {
  std::filesystem::path model;
  std::int64_t batch = 1;
  std::optional<ImageSize> size;  // of a network that takes any; absent: its usual one
  SessionOptions session;         // threads resolved
  int warmup = 10;
  int iterations = 0;    // 0: until `seconds` have passed, three runs at least
  double seconds = 3.0;  // of measurement
  int neighbours = 0;    // busy threads beside the runs
  bool per_op = false;
};

// This is the time of one step, or of all steps of one kind.
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
  // Answers the smallest latency that at least `share` of the runs do not exceed.
  double percentile_ms(double share) const;
};

// Loads the model anew, so that load time is that of a start. Throws what Model::load throws.
BenchResult measure(const BenchConfig& config);

// Adds up the steps by kind. The most expensive comes first.
std::vector<OpTime> by_kind(std::span<const OpTime> steps);

}  // namespace vitq::apps
