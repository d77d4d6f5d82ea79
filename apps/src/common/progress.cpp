// SPDX-License-Identifier: Apache-2.0
#include "common/progress.h"

#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <iostream>

namespace vitq::apps {

namespace {

// This is enough for the eye, and no load on a slow terminal.
constexpr auto kInterval = std::chrono::milliseconds(100);
constexpr std::size_t kWidth = 24;
constexpr const char* kClearLine = "\r\033[K";

}  // namespace

std::string clock_time(double seconds) {
  const auto whole = std::llround(seconds);
  char text[48];
  if (whole >= 3600) {
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60,
                  whole % 60);
  } else {
    std::snprintf(text, sizeof text, "%lld:%02lld", whole / 60, whole % 60);
  }
  return text;
}

std::string progress_line(std::size_t done, std::size_t total, const std::string& unit,
                          double seconds) {
  const std::size_t filled = total == 0 ? kWidth : kWidth * done / total;
  std::string line = std::to_string(done) + "/" + std::to_string(total) + " " + unit + " [" +
                     std::string(filled, '#') + std::string(kWidth - filled, '-') + "]";
  if (done == 0 || seconds <= 0.0) return line;
  const double rate = static_cast<double>(done) / seconds;
  char text[48];
  std::snprintf(text, sizeof text, " %.*f/s, ", rate < 10.0 ? 2 : 1, rate);
  return line + text + clock_time(static_cast<double>(total - done) / rate) + " left";
}

Progress::Progress(std::size_t total, std::string unit)
    : total_(total), unit_(std::move(unit)), shown_(isatty(STDERR_FILENO) == 1) {
  if (shown_) draw();
}

Progress::~Progress() {
  if (shown_) std::cerr << kClearLine << std::flush;
}

void Progress::advance(std::size_t by) {
  done_ += by;
  const Clock::time_point now = Clock::now();
  if (!shown_ || (now - drawn_ < kInterval && done_ < total_)) return;
  drawn_ = now;
  draw();
}

StatusLine::StatusLine() : shown_(isatty(STDERR_FILENO) == 1) {}

StatusLine::~StatusLine() {
  if (shown_) std::cerr << kClearLine << std::flush;
}

void StatusLine::show(const std::string& line) const {
  if (shown_) std::cerr << kClearLine << line << std::flush;
}

void Progress::draw() const {
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  std::cerr << kClearLine << progress_line(done_, total_, unit_, seconds) << std::flush;
}

}  // namespace vitq::apps
