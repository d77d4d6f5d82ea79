// SPDX-License-Identifier: Apache-2.0
// This writes measurements as Markdown, CSV and JSON.
#pragma once

#include <span>
#include <string>

#include "bench/measure.h"
#include "vitq/json.h"

namespace vitq::apps {

std::string to_markdown(std::span<const BenchResult> results);
std::string to_csv(std::span<const BenchResult> results);
// One result is an object, several are an array.
Json to_json(std::span<const BenchResult> results);
// Answers the steps of a mean run in Chrome's trace event format. Each result is a process.
Json to_trace(std::span<const BenchResult> results);

}  // namespace vitq::apps
