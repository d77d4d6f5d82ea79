// SPDX-License-Identifier: Apache-2.0
// A progress bar is drawn on standard error, if that is a terminal.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace vitq::apps {

class Progress {
 public:
  // `unit` is what is counted: "images".
  Progress(std::size_t total, std::string unit);
  // Takes the bar away.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(std::size_t by = 1);

 private:
  using Clock = std::chrono::steady_clock;
  void draw() const;

  std::size_t total_;
  std::size_t done_ = 0;
  std::string unit_;
  bool shown_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point drawn_ = {};
};

// A line of text on standard error is written again and again, if that is a terminal.
class StatusLine {
 public:
  StatusLine();
  // Takes the line away.
  ~StatusLine();
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  void show(const std::string& line) const;

 private:
  bool shown_;
};

// "0:20", "1:02:03".
std::string clock_time(double seconds);

// It reads "123/677 images [#####---------------] 27.5/s, 0:20 left".
std::string progress_line(std::size_t done, std::size_t total, const std::string& unit,
                          double seconds);

}  // namespace vitq::apps
