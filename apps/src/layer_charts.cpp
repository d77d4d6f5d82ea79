// SPDX-License-Identifier: Apache-2.0
#include "layer_charts.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "comparison.h"
#include "quantize_report.h"
#include "svg.h"
#include "table.h"

namespace vitq::apps {

namespace {

// Beyond it an error counts for nothing, and bars would only get shorter for all others.
constexpr double kMostDecibels = 80.0;

bool is_measured(const LayerReport& entry) {
  return entry.plan.bits && !entry.plan.attention;
}

double bar_decibels(double error) {
  return std::clamp(decibels(1.0, error).value_or(kMostDecibels), 0.0, kMostDecibels);
}

std::string snr_bar(const LayerReport& entry, double most) {
  Svg svg({100.0, 10.0}, Svg::Fit::kStretch, "");
  const auto place = [most](double error) { return 100.0 * bar_decibels(error) / most; };
  svg.rect({0.0, 1.0, 100.0, 8.0}, "room");
  svg.rect({0.0, 1.0, place(entry.error_after), 8.0}, "after",
           "with corrections " + snr_text(entry.error_after));
  svg.rect({place(entry.error_before) - 0.4, 0.0, 0.8, 10.0}, "before",
           "rounded to nearest " + snr_text(entry.error_before));
  return svg.str();
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
  double most = 1.0;
  for (const LayerReport& entry : report) {
    if (!is_measured(entry)) continue;
    most = std::max({most, bar_decibels(entry.error_before), bar_decibels(entry.error_after)});
  }
  std::vector<BarRow> rows;
  for (const LayerReport& entry : report) {
    if (!is_measured(entry)) continue;
    rows.push_back({entry.plan.name, snr_bar(entry, most), snr_text(entry.error_after)});
  }
  return "<p class=\"legend\"><span><i class=\"after\"></i>with corrections</span><span>"
         "<i class=\"before\"></i>rounded to nearest</span></p>" +
         bar_rows(rows);
}

}  // namespace vitq::apps
