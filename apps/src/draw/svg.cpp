// SPDX-License-Identifier: Apache-2.0
#include "draw/svg.h"

#include <algorithm>
#include <cmath>

#include "common/table.h"

namespace vitq::apps {

namespace {

std::string attribute(std::string_view name, std::string_view value) {
  std::string text(1, ' ');
  return text.append(name).append("=\"").append(escaped(value)).append("\"");
}

std::string attribute(std::string_view name, double value) {
  return attribute(name, fixed(value, 2));
}

// Answers the largest number that is 1, 2 or 5 times a power of ten and not above `value`.
double round_down(double value) {
  const double decade = std::pow(10.0, std::floor(std::log10(value)));
  constexpr double kSlack = 1.0 - 1e-9;
  for (const double factor : {10.0, 5.0, 2.0}) {
    if (value >= factor * decade * kSlack) return factor * decade;
  }
  return decade;
}

double next_round(double value) {
  return round_down(value * 2.5);
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      case '\'': result += "&#39;"; break;
      default: result += c;
    }
  }
  return result;
}

Svg::Svg(Spot size, Fit fit, std::string_view label) {
  text_ = "<svg viewBox=\"0 0 " + fixed(size.x, 2) + " " + fixed(size.y, 2) + "\"";
  if (fit == Fit::kStretch) text_ += " preserveAspectRatio=\"none\"";
  text_ +=
      label.empty() ? " aria-hidden=\"true\"" : " role=\"img\"" + attribute("aria-label", label);
  text_ += ">";
}

void Svg::shape(const std::string& start, std::string_view style, std::string_view title) {
  text_ += "<" + start + attribute("class", style);
  if (title.empty()) {
    text_ += "/>";
    return;
  }
  const std::string name = start.substr(0, start.find(' '));
  text_ += "><title>" + escaped(title) + "</title></" + name + ">";
}

void Svg::rect(const SvgRect& box, std::string_view style, std::string_view title) {
  shape("rect" + attribute("x", box.x) + attribute("y", box.y) + attribute("width", box.width) +
            attribute("height", box.height),
        style, title);
}

void Svg::line(Spot from, Spot to, std::string_view style) {
  shape("line" + attribute("x1", from.x) + attribute("y1", from.y) + attribute("x2", to.x) +
            attribute("y2", to.y),
        style, {});
}

void Svg::path(std::span<const Spot> spots, std::string_view style) {
  std::string points;
  for (const Spot& spot : spots) {
    points.append(fixed(spot.x, 2)).append(",").append(fixed(spot.y, 2)).append(" ");
  }
  shape("polyline" + attribute("points", points), style, {});
}

void Svg::circle(Spot centre, double radius, std::string_view style, std::string_view title) {
  shape("circle" + attribute("cx", centre.x) + attribute("cy", centre.y) + attribute("r", radius),
        style, title);
}

void Svg::text(Spot at, std::string_view style, std::string_view words) {
  text_ += "<text" + attribute("x", at.x) + attribute("y", at.y) + attribute("class", style) + ">" +
           escaped(words) + "</text>";
}

std::string Svg::str() const {
  return text_ + "</svg>";
}

Scale Scale::linear(std::span<const double> values, Room room) {
  const auto [min, max] = std::ranges::minmax(values);
  const double extent = max > min ? max - min : std::max(std::fabs(max), 1.0);
  const double step = next_round(extent / 8.0);
  Scale scale;
  scale.room_ = room;
  const double first = std::floor(min / step + 1e-9);
  const double last = std::max(std::ceil(max / step - 1e-9), first + 1.0);
  for (double i = first; i <= last; i += 1.0) scale.ticks_.push_back(i * step);
  return scale;
}

Scale Scale::logarithmic(std::span<const double> values, Room room) {
  const auto [min, max] = std::ranges::minmax(values);
  Scale scale;
  scale.room_ = room;
  scale.logarithmic_ = true;
  const bool decades = max > 100.0 * min;
  double tick = decades ? std::pow(10.0, std::floor(std::log10(min))) : round_down(min);
  scale.ticks_.push_back(tick);
  do {
    tick = decades ? tick * 10.0 : next_round(tick);
    scale.ticks_.push_back(tick);
  } while (tick < max * (1.0 - 1e-9));
  return scale;
}

Scale Scale::exact(Room values, Room room) {
  Scale scale;
  scale.room_ = room;
  scale.ticks_ = {values.from, values.to};
  return scale;
}

double Scale::operator()(double value) const {
  const auto measure = [this](double v) { return logarithmic_ ? std::log10(v) : v; };
  const double min = measure(ticks_.front());
  const double share = (measure(value) - min) / (measure(ticks_.back()) - min);
  return room_.from + share * (room_.to - room_.from);
}

}  // namespace vitq::apps
