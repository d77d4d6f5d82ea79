// SPDX-License-Identifier: Apache-2.0
#include "quantize/layer_charts.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "common/table.h"
#include "draw/svg.h"
#include "quantize/report.h"
#include "vitq/compare_models.h"

namespace vitq::apps {

namespace {

// Beyond it an error counts for nothing, and the bars of all others would only get shorter.
constexpr double kMaxDecibels = 80.0;

bool is_measured(const LayerReport& entry) {
  return entry.plan.bits && !entry.plan.attention;
}

double bar_decibels(double error) {
  return std::clamp(decibels(1.0, error).value_or(kMaxDecibels), 0.0, kMaxDecibels);
}

std::string snr_bar(const LayerReport& entry, double max) {
  Svg svg({100.0, 10.0}, Svg::Fit::kStretch, "");
  const auto place = [max](double error) { return 100.0 * bar_decibels(error) / max; };
  svg.rect({0.0, 1.0, 100.0, 8.0}, "room");
  svg.rect({0.0, 1.0, place(entry.error_after), 8.0}, "after",
           "with corrections " + snr_text(entry.error_after));
  svg.rect({place(entry.error_before) - 0.4, 0.0, 0.8, 10.0}, "before",
           "rounded to nearest " + snr_text(entry.error_before));
  return svg.str();
}

constexpr SvgRect kInputs = {0.0, 4.0, 240.0, 56.0};

// It is a band from 5 to 95 % of the rows with a line at half of them, or the line alone.
void range_end(Svg& svg, const Scale& x, const std::array<float, 3>& end) {
  const double from = x(static_cast<double>(end[0]));
  const double to = x(static_cast<double>(end[2]));
  const double middle = x(static_cast<double>(end[1]));
  const double height = kInputs.y + kInputs.height;
  if (to > from) svg.rect({from, 0.0, to - from, height}, "ends-of-rows");
  svg.rect({middle - 0.75, 0.0, 1.5, height}, "end-of-codes");
}

// Heights are logarithmic, so that the few values far out can be seen.
void bars_of(Svg& svg, const Scale& x, const InputSpread& spread) {
  const auto height = [](std::int64_t count) { return std::log1p(static_cast<double>(count)); };
  const double max = height(std::ranges::max(spread.counts));
  const double bottom = kInputs.y + kInputs.height;
  const auto min = static_cast<double>(spread.min);
  const double width =
      (static_cast<double>(spread.max) - min) / static_cast<double>(spread.counts.size());
  std::vector<Spot> outline = {{x(min), bottom}};
  for (std::size_t i = 0; i < spread.counts.size(); ++i) {
    const double y = bottom - kInputs.height * height(spread.counts[i]) / max;
    outline.push_back({x(min + width * static_cast<double>(i)), y});
    outline.push_back({x(min + width * static_cast<double>(i + 1)), y});
  }
  outline.push_back({outline.back().x, bottom});
  svg.path(outline, "inputs");
}

std::string range_text(const LayerReport& entry) {
  const auto text = [](float value) { return significant(static_cast<double>(value), 3); };
  const InputSpread& spread = entry.inputs;
  std::string result = entry.range == Range::kStatic ? "static: " : "median: ";
  return result.append(text(spread.lows[1])).append(" to ").append(text(spread.highs[1]));
}

std::string input_histogram(const LayerReport& entry) {
  const InputSpread& spread = entry.inputs;
  const auto left = static_cast<double>(std::min(spread.min, spread.lows[0]));
  const auto right = static_cast<double>(std::max(spread.max, spread.highs[2]));
  const Scale x = Scale::exact({left, right > left ? right : left + 1.0},
                               {kInputs.x + 1.0, kInputs.x + kInputs.width - 1.0});
  Svg svg({kInputs.width, kInputs.y + kInputs.height}, Svg::Fit::kStretch,
          "Inputs of " + entry.plan.name);
  const double codes = x(static_cast<double>(spread.lows[1]));
  svg.rect(
      {codes, 0.0, x(static_cast<double>(spread.highs[1])) - codes, kInputs.y + kInputs.height},
      "room");
  bars_of(svg, x, spread);
  range_end(svg, x, spread.lows);
  range_end(svg, x, spread.highs);
  return "<figure><figcaption>" + escaped(entry.plan.name) + "</figcaption>" + svg.str() +
         "<p class=\"ends\"><span>" + significant(left, 3) + "</span><span>" +
         significant(right, 3) + "</span></p><p class=\"codes\">" + range_text(entry) +
         "</p></figure>\n";
}

}  // namespace

std::string bits_class(int bits) {
  return bits == 0 ? "float" : "b" + std::to_string(bits);
}

std::string bits_legend(std::span<const int> bits) {
  std::string text = "<p class=\"legend\">";
  for (const int count : bits) {
    text += "<span><i class=\"" + bits_class(count) + "\"></i>" +
            (count == 0 ? "float" : std::to_string(count) + " bits") + "</span>";
  }
  return text + "</p>";
}

std::string bit_strip(std::span<const LayerReport> report) {
  std::set<int> seen;
  Svg svg({static_cast<double>(report.size()), 3.0}, Svg::Fit::kStretch,
          "Bits of each layer's weights and activations");
  for (std::size_t i = 0; i < report.size(); ++i) {
    const LayerPlan& plan = report[i].plan;
    const std::string title = plan.name + ": " + bits_text(plan);
    const int activations = plan.bits ? plan.bits->activations : 0;
    const auto x = static_cast<double>(i) + 0.05;
    seen.insert(activations);
    svg.rect({x, 2.05, 0.9, 0.95}, bits_class(activations), title);
    if (plan.attention) continue;
    const int weights = plan.bits ? plan.bits->weights : 0;
    seen.insert(weights);
    svg.rect({x, 0.0, 0.9, 1.95}, bits_class(weights), title);
  }
  const std::vector<int> bits(seen.begin(), seen.end());
  return "<div class=\"strip\">" + svg.str() + "</div><p class=\"ends\"><span>" +
         escaped(report.empty() ? "" : report.front().plan.name) + "</span><span>" +
         escaped(report.empty() ? "" : report.back().plan.name) + "</span></p>" + bits_legend(bits);
}

std::string snr_text(double error) {
  const std::optional<double> snr = decibels(1.0, error);
  return snr ? fixed(*snr, 1) + " dB" : "exact";
}

std::string bar_rows(std::span<const BarRow> rows) {
  std::string text = "<div class=\"bars\">";
  for (const BarRow& row : rows) {
    text += "<div><span>" + escaped(row.name) + "</span>" + row.drawing + "<b>" +
            escaped(row.value) + "</b></div>\n";
  }
  return text + "</div>";
}

std::string snr_bars(std::span<const LayerReport> report) {
  double max = 1.0;
  for (const LayerReport& entry : report) {
    if (!is_measured(entry)) continue;
    max = std::max({max, bar_decibels(entry.error_before), bar_decibels(entry.error_after)});
  }
  std::vector<BarRow> rows;
  for (const LayerReport& entry : report) {
    if (!is_measured(entry)) continue;
    rows.push_back({entry.plan.name, snr_bar(entry, max), snr_text(entry.error_after)});
  }
  return "<p class=\"legend\"><span><i class=\"after\"></i>with corrections</span><span>"
         "<i class=\"before\"></i>rounded to nearest</span></p>" +
         bar_rows(rows);
}

std::string input_histograms(std::span<const LayerReport> report) {
  std::string figures;
  for (const LayerReport& entry : report) {
    if (entry.inputs.rows > 0) figures += input_histogram(entry);
  }
  if (figures.empty()) return "";
  return "<p class=\"legend\"><span><i class=\"after\"></i>inputs</span><span><i class=\"before\">"
         "</i>ends of the range</span><span><i class=\"ends-of-rows\"></i>where those of 90 % of "
         "the rows are</span></p><div class=\"spreads\">" +
         figures + "</div>";
}

}  // namespace vitq::apps
