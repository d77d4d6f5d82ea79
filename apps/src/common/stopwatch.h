// SPDX-License-Identifier: Apache-2.0
// The milliseconds of stages that follow each other.
#pragma once

#include <chrono>

namespace vitq::apps {

// It counts milliseconds since it was made or last asked.
class Stopwatch {
 public:
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    const std::chrono::duration<double, std::milli> elapsed = now - start_;
    start_ = now;
    return elapsed.count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace vitq::apps
