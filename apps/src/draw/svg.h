// SPDX-License-Identifier: Apache-2.0
// This makes drawings as SVG text for an HTML page, and scales with round ticks. Every shape names
// a CSS class, because colours and fonts are the page's.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vitq::apps {

// Escapes text for HTML, also for an attribute's quotes.
std::string escaped(std::string_view text);

struct Spot {
  double x = 0.0, y = 0.0;
};
struct SvgRect {
  double x = 0.0, y = 0.0, width = 0.0, height = 0.0;
};

// y grows downwards.
class Svg {
 public:
  enum class Fit { kKeep, kStretch };  // the proportions, or to whatever room there is

  // `label` tells those who cannot see it what is drawn. It is empty if text beside it does so.
  Svg(Spot size, Fit fit, std::string_view label);

  // `title` is shown where the pointer rests.
  void rect(const SvgRect& box, std::string_view style, std::string_view title = {});
  void line(Spot from, Spot to, std::string_view style);
  void path(std::span<const Spot> spots, std::string_view style);
  void circle(Spot centre, double radius, std::string_view style, std::string_view title = {});
  // `at` is the start of the baseline, unless the class sets text-anchor.
  void text(Spot at, std::string_view style, std::string_view words);
  std::string str() const;

 private:
  void shape(const std::string& start, std::string_view style, std::string_view title);

  std::string text_;
};

// Maps values to places: the first and last tick to `from` and `to`.
class Scale {
 public:
  struct Room {
    double from = 0.0, to = 1.0;
  };
  // The scale is widened to round values, at which the ticks stand. `values` are positive where the
  // scale is logarithmic.
  static Scale linear(std::span<const double> values, Room room);
  static Scale logarithmic(std::span<const double> values, Room room);
  // The scale is not widened. The ticks stand at both ends.
  static Scale exact(Room values, Room room);

  double operator()(double value) const;
  const std::vector<double>& ticks() const { return ticks_; }

 private:
  std::vector<double> ticks_;  // two or more, ascending
  Room room_;
  bool logarithmic_ = false;
};

}  // namespace vitq::apps
