// SPDX-License-Identifier: Apache-2.0
#include "quantize/html_report.h"

#include "common/table.h"
#include "draw/svg.h"
#include "quantize/html_style.h"
#include "quantize/layer_charts.h"
#include "quantize/trade_off_charts.h"

namespace vitq::apps {

namespace {

std::string section(std::string_view title, std::string_view note, const std::string& body) {
  std::string text = "<section>\n<h2>" + escaped(title) + "</h2>\n";
  if (!note.empty()) text += "<p class=\"note\">" + escaped(note) + "</p>\n";
  return text + body + "\n</section>\n";
}

// Scripts and anything from elsewhere are forbidden to the page, whatever text it shows.
std::string head(const QuantizeFacts& facts) {
  const std::string name = escaped(facts.output.filename().string());
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
         "<meta http-equiv=\"Content-Security-Policy\" "
         "content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n<title>" +
         name + "</title>\n<style>" + std::string(kHtmlStyle) +
         "</style>\n</head>\n<body>\n<main>\n<h1><small>Quantization report</small>" + name +
         "</h1>\n";
}

// The mean is per weight of the layers that run on integers. It is empty if there are none.
std::string mean_bits(const QuantizedModel& made) {
  double bits = 0.0;
  double weights = 0.0;
  for (const LayerReport& entry : made.report) {
    if (!entry.plan.bits || entry.plan.attention) continue;
    const auto count = static_cast<double>(entry.plan.weights);
    bits += count * entry.plan.bits->weights;
    weights += count;
  }
  return weights > 0.0 ? fixed(bits / weights, 2) + " bits per integer weight, on average" : "";
}

std::string fact(std::string_view name, std::string_view value, std::string_view more) {
  std::string text = "<div><dt>" + escaped(name) + "</dt><dd>" + escaped(value);
  if (!more.empty()) text += "<small>" + escaped(more) + "</small>";
  return text + "</dd></div>\n";
}

std::string predicted_time(const std::optional<TradeOff>& trade_off) {
  if (!trade_off || trade_off->unit != "ms") return "";
  return fact("Predicted time", fixed(trade_off->chosen.cost / 1e6, 2) + " ms", trade_off->cost);
}

std::string summary(const QuantizedModel& made, const QuantizeFacts& facts,
                    const std::optional<TradeOff>& trade_off) {
  const auto before = static_cast<std::int64_t>(std::filesystem::file_size(facts.source));
  const auto after = static_cast<std::int64_t>(std::filesystem::file_size(facts.output));
  const Json& record = made.provenance;
  const std::string facts_list =
      fact("Float model", facts.source.string(), byte_count(before)) +
      fact("Size of the file", byte_count(after), ratio(after, before) + " of the float model's") +
      predicted_time(trade_off) +
      fact("Bits", trade_off ? "by layer" : record.at("bits").string(), mean_bits(made)) +
      fact("Recipe", record.at("recipe").at("name").string(), "") +
      fact("Calibrated on", calibrated_on(made),
           made.generated ? "" : "digest " + record.at("calibration").string()) +
      fact("Time", fixed(facts.seconds, 1) + " s", "") + fact("In float", kept_text(made), "");
  return section("Summary", "", "<dl>\n" + facts_list + "</dl>");
}

std::string cells(std::initializer_list<std::string> texts) {
  std::string row;
  for (const std::string& text : texts) row += "<td>" + escaped(text) + "</td>";
  return row;
}

std::string table_row(const LayerReport& entry) {
  const LayerPlan& plan = entry.plan;
  std::string row = "<tr><th scope=\"row\">" + escaped(plan.name) + "</th>";
  row += cells({bits_text(plan), plan.attention ? "" : byte_count(plan.bytes)});
  if (!plan.bits || plan.attention) return row + "<td colspan=\"7\"></td></tr>\n";
  const bool frozen = entry.range == Range::kStatic;
  row += cells({frozen ? "static" : "per token", significant(static_cast<double>(entry.min), 4),
                significant(static_cast<double>(entry.max), 4),
                frozen || entry.clipped > 0.0 ? fixed(100.0 * entry.clipped, 3) + " %" : "",
                significant(entry.error_before, 4), significant(entry.error_after, 4),
                snr_text(entry.error_after)});
  return row + "</tr>\n";
}

std::string layer_table(const QuantizedModel& made) {
  std::string text =
      "<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">layer</th><th>bits</th>"
      "<th>size</th><th>range</th><th>min</th><th>max</th><th>clipped</th><th>error before</th>"
      "<th>error after</th><th>SNR</th></tr></thead>\n<tbody>\n";
  for (const LayerReport& entry : made.report) text += table_row(entry);
  return text + "</tbody></table></div>";
}

std::string reproduction(const QuantizedModel& made, const QuantizeFacts& facts) {
  return "<pre class=\"wrap\">" + escaped(facts.command) +
         "</pre>\n<details><summary>The record in the model file (" +
         escaped(made.provenance.at("tool").string()) + ")</summary>\n<pre>" +
         escaped(made.provenance.dump(2)) + "</pre></details>";
}

std::string trade_off_section(const TradeOff& trade_off) {
  std::string body = front_plot(trade_off);
  const std::string bars = sensitivity_bars(trade_off);
  if (!bars.empty()) {
    body +=
        "<h3>Sensitivity of each layer</h3>\n<p class=\"note\">The loss with this layer "
        "alone at those bits, on a logarithmic scale; the number is the largest.</p>\n" +
        bars;
  }
  const bool timed = trade_off.unit == "ms";
  return section(timed ? "Time against accuracy" : "Size against accuracy",
                 std::string("The line: the least sum of the layers' losses at each ") +
                     (timed ? "time" : "size") +
                     ". Rings: the sum with "
                     "all layers at the same bits. Full disc: this model.",
                 body);
}

}  // namespace

std::string html_report(const QuantizedModel& made, const QuantizeFacts& facts,
                        const std::optional<TradeOff>& trade_off) {
  std::string page = head(facts) + summary(made, facts, trade_off);
  if (trade_off) page += trade_off_section(*trade_off);
  page += section("Bits of each layer",
                  "In the order of computation: weights above, activations below.",
                  bit_strip(made.report));
  page +=
      section("Accuracy of each layer",
              "The signal-to-noise ratio of its outputs over the calibration images. The errors "
              "of all layers before it are part of the noise.",
              snr_bars(made.report));
  const std::string inputs = input_histograms(made.report);
  if (!inputs.empty()) {
    page += section(
        "Inputs of each layer",
        "How often values lie where, of some rows of the calibration images, as they "
        "are coded: after channel offset and smoothing. Heights are logarithmic. Marks: where the "
        "range of codes ends; of ranges found row by row, the median.",
        inputs);
  }
  page +=
      section("Layers",
              "Min and max are of the inputs seen; clipped is the share of them outside of "
              "the range of the codes. Errors are the mean square of the outputs' error over their "
              "variance: rounded to nearest, and with corrections.",
              layer_table(made));
  page += section("Reproduction", "The same inputs give the same file, byte for byte.",
                  reproduction(made, facts));
  return page + "</main>\n</body>\n</html>\n";
}

}  // namespace vitq::apps
