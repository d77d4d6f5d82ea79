// SPDX-License-Identifier: Apache-2.0
// The page that vit_quantize writes: that it is well formed whatever names it shows, needs nothing
// from elsewhere, and shows the numbers it was given.
#include "quantize/html_report.h"

#include <doctest/doctest.h>

#include "quantize/layer_charts.h"
#include "quantize/trade_off_charts.h"
#include "support/temp_folder.h"

using namespace vitq;
using namespace vitq::apps;
using vitq::test::TempFolder;

namespace {

constexpr std::string_view kHostile = "<script>alert(\"1\")</script>&'";

LayerReport layer(const std::string& name, std::optional<Bits> bits) {
  LayerReport entry;
  entry.plan.name = name;
  entry.plan.bits = bits;
  return entry;
}

// An integer layer with a static range, an attention, and a layer in float.
QuantizedModel example() {
  QuantizedModel made;
  LayerReport fc1 = layer("blocks.0.mlp.fc1", Bits{4, 6});
  fc1.plan.weights = 3000;
  fc1.plan.bytes = 1500;
  fc1.range = Range::kStatic;
  fc1.min = -2.5F;
  fc1.max = 7.25F;
  fc1.clipped = 0.0125;
  fc1.error_before = 0.01;
  fc1.error_after = 0.001;
  fc1.inputs = {2, -2.0F, 6.0F, {1, 0, 3, 4}, {-3.0F, -3.0F, -3.0F}, {5.0F, 5.0F, 5.0F}};
  LayerReport fc2 = layer("blocks.0.mlp.fc2", Bits{8, 8});
  fc2.plan.weights = 1000;
  fc2.inputs = {3, 0.0F, 0.0F, {12, 0}, {0.0F, 0.0F, 0.0F}, {0.0F, 0.0F, 0.0F}};
  LayerReport attention = layer("blocks.0.attn", Bits{7, 5});
  attention.plan.attention = true;
  made.report = {fc1, fc2, attention, layer("head", std::nullopt)};
  made.provenance = Json::object();
  made.images = 12;
  made.provenance.set("tool", "vitq 9.8.7").set("recipe", Json::object().set("name", "careful"));
  made.provenance.set("bits", "w7a8").set("calibration", "0123456789abcdef");
  return made;
}

struct Page {
  TempFolder temp;
  QuantizeFacts facts = {.source = temp.file("float.safetensors", std::string(4000, 'x')),
                         .output = temp.file("int.safetensors", std::string(1000, 'x')),
                         .command = "vit_quantize a --keep 'b c'",
                         .seconds = 3.25};
  std::string of(const QuantizedModel& made, const std::optional<TradeOff>& trade_off = {}) const {
    return html_report(made, facts, trade_off);
  }
};

TradeOff trade_off() {
  TradeOff result;
  result.front = {{"f1", 2e6, 0.5}, {"f2", 4e6, 0.01}};
  result.uniform = {{"all w4", 2e6, 0.9}, {"all w8", 5e6, 0.0}};
  result.chosen = {"this model", 3e6, 0.05};
  result.sensitivities = {{"fc1", 4, 0.02}, {"fc1", 8, 0.0001}, {"fc2", 4, 0.003}};
  return result;
}

bool has(const std::string& page, std::string_view part) {
  return page.find(part) != std::string::npos;
}

std::size_t count(const std::string& page, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = page.find(part); at != std::string::npos; at = page.find(part, at + 1)) {
    ++found;
  }
  return found;
}

// Answers the first tag that closes what is not open, or what is left open; empty if all is well.
std::string unbalanced(const std::string& page) {
  std::vector<std::string> open;
  for (std::size_t at = page.find('<'); at != std::string::npos; at = page.find('<', at + 1)) {
    const std::size_t end = page.find('>', at);
    if (end == std::string::npos) return page.substr(at);
    const std::string tag = page.substr(at + 1, end - at - 1);
    if (tag.starts_with("!DOCTYPE") || tag.ends_with("/")) continue;
    if (!tag.starts_with("/")) {
      open.push_back(tag.substr(0, tag.find_first_of(" \n")));
      continue;
    }
    if (open.empty() || "/" + open.back() != tag) return tag;
    open.pop_back();
  }
  return open.empty() ? "" : open.back();
}

// Of the text with these words, down from the drawing's top.
double height_of(const std::string& drawing, std::string_view words) {
  const std::size_t end = drawing.find(">" + std::string(words) + "</text>");
  REQUIRE(end != std::string::npos);
  const std::size_t begin = drawing.rfind("<text", end);
  return std::stod(drawing.substr(drawing.find(" y=\"", begin) + 4));
}

}  // namespace

TEST_CASE("a page shows the numbers of the whole and of each layer") {
  const std::string page = Page().of(example());
  CHECK(has(page, "1.00 kB<small>0.250 of the float model&#39;s"));
  CHECK(has(page, "<small>4.00 kB</small>"));
  CHECK(
      has(page,
          "w7a8<small>5.00 bits per integer weight, on average"));  // (3000 * 4 + 1000 * 8) / 4000
  CHECK(has(page, "12 images<small>digest 0123456789abcdef"));
  CHECK(has(page, "<dd>careful</dd>"));
  CHECK(has(page, "3.2 s"));
  CHECK(has(page, "<dt>In float</dt><dd>head</dd>"));
  CHECK(has(page,
            "blocks.0.mlp.fc1</th><td>w4a6</td><td>1.50 kB</td><td>static</td><td>-2.5</td>"
            "<td>7.25</td><td>1.250 %</td><td>0.01</td><td>0.001</td><td>30.0 dB</td></tr>"));
  CHECK(has(page, "<td>per token</td><td>0</td><td>0</td><td></td>"));
  CHECK(has(page, "blocks.0.attn</th><td>a5</td><td></td><td colspan"));
  CHECK(has(page, "head</th><td>float</td>"));
  CHECK(has(page, "vitq 9.8.7"));
  CHECK(has(page, "vit_quantize a --keep &#39;b c&#39;"));
}

TEST_CASE("the strip has a cell per layer and bars are drawn of layers that were measured") {
  const QuantizedModel made = example();
  const std::string strip = bit_strip(made.report);
  CHECK(count(strip, "<rect") == 7);  // weights and activations, but no weights of an attention
  CHECK(has(strip, "class=\"b4\"><title>blocks.0.mlp.fc1: w4a6</title>"));
  CHECK(has(strip, "class=\"float\"><title>head: float</title>"));
  CHECK(!has(strip, "class=\"b7\""));
  const std::string bars = snr_bars(made.report);
  CHECK(count(bars, "<svg") == 2);
  CHECK(has(bars, "with corrections 30.0 dB"));
  CHECK(has(bars, "rounded to nearest 20.0 dB"));
  CHECK(has(bars, "width=\"37.50\" height=\"8.00\" class=\"after\""));  // of 80 dB
  CHECK(snr_text(0.0) == "exact");
  CHECK(snr_text(2.0) == "-3.0 dB");
}

TEST_CASE("the inputs of each layer are drawn, with the range of codes") {
  QuantizedModel made = example();
  const std::string page = Page().of(made);
  CHECK(count(page, "<figure>") == 2);
  CHECK(has(page, "Inputs of blocks.0.mlp.fc1"));
  CHECK(has(page, "static: -3 to 5</p>"));
  CHECK(has(page, "median: 0 to 0</p>"));
  CHECK(!has(page, "nan"));
  // -3 to 6 are drawn from 1 to 239, so that 5 lies at 1 + 238 * 8 / 9; bins are 2 wide.
  const std::string drawing = input_histograms(std::span(made.report).first(1));
  CHECK(has(drawing, "<span>-3</span><span>6</span>"));
  CHECK(has(drawing,
            "x=\"211.81\" y=\"0.00\" width=\"1.50\" height=\"60.00\" class=\"end-of-codes\""));
  CHECK(count(drawing, "ends-of-rows") == 1);  // in the legend alone
  // log 2 and log 5, the greatest: 60 - 56 log 2 / log 5
  CHECK(has(drawing, "27.44,60.00 27.44,35.88 80.33,35.88 80.33,60.00 133.22,60.00"));
  CHECK(has(drawing, "186.11,4.00 239.00,4.00 239.00,60.00"));

  made.report[0].inputs.highs = {4.0F, 5.0F, 5.5F};
  CHECK(count(input_histograms(std::span(made.report).first(1)), "ends-of-rows") == 2);
  CHECK(input_histograms(std::span(made.report).last(2)).empty());
}

TEST_CASE("names cannot become markup, and the page needs nothing but itself") {
  Page page;
  page.facts.command = kHostile;
  QuantizedModel made = example();
  made.report.push_back(layer(std::string(kHostile), Bits{}));
  made.report.push_back(layer(std::string(kHostile), std::nullopt));
  made.provenance.set("rules", std::string(kHostile)).set("tool", std::string(kHostile));
  TradeOff hostile = trade_off();
  hostile.chosen.label = hostile.uniform[0].label = hostile.front[0].label = kHostile;
  hostile.sensitivities[0].layer = kHostile;
  const std::string text = page.of(made, hostile);
  CHECK(!has(text, "<script"));
  CHECK(has(text, "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;"));
  CHECK(unbalanced(text) == "");
  for (const std::string_view link : {"://", "src=", "href=", "url(", "@import"}) {
    CHECK(!has(text, link));
  }
  CHECK(unbalanced(Page().of(example())) == "");
}

TEST_CASE("without a trade-off its section is left out") {
  CHECK(!has(Page().of(example()), "Size against accuracy"));
  const std::string page = Page().of(example(), trade_off());
  CHECK(has(page, "Size against accuracy"));
  CHECK(has(page, "f2: 4.00 MB, KL 0.01"));
  CHECK(has(page, ">all w4</text>"));
  CHECK(has(page, "class=\"chosen\"><title>this model: 3.00 MB, KL 0.05"));
  CHECK(has(page, "4 bits: KL 0.02"));
  CHECK(has(page, "8 bits: KL 0.0001"));
  CHECK(!has(page, "nan"));
  CHECK(!has(page, "inf\""));
}

TEST_CASE("ticks stand where a logarithm puts them, below the least value too") {
  TradeOff steep;
  steep.front = {{"", 1e6, 0.056}, {"", 2e6, 0.0008}};
  steep.chosen = {"this model", 2e6, 0.0008};
  const std::string drawing = front_plot(steep);
  const double step = height_of(drawing, "0.001") - height_of(drawing, "0.002");
  CHECK(step > 10.0);
  CHECK(height_of(drawing, "0.0005") - height_of(drawing, "0.001") ==
        doctest::Approx(step).epsilon(0.01));
}

TEST_CASE("a budget of time is drawn as time") {
  TradeOff timed = trade_off();
  timed.cost = "predicted time on some CPU";
  timed.unit = "ms";
  const std::string page = Page().of(example(), timed);
  CHECK(has(page, "Time against accuracy"));
  CHECK(has(page, ">predicted time on some CPU, ms</text>"));
  CHECK(has(page, "f2: 4.00 ms, KL 0.01"));
  CHECK(!has(page, "4.00 MB, KL"));
  CHECK(has(page, "<dt>Predicted time</dt><dd>3.00 ms"));
}

TEST_CASE("a model without integer layers, and a trade-off without measurements, make a page") {
  QuantizedModel made = example();
  made.report = {layer("head", std::nullopt)};
  const std::string page = Page().of(made, TradeOff{{}, {}, {"only", 1e6, 0.0}, {}});
  CHECK(unbalanced(page) == "");
  CHECK(!has(page, "nan"));
  CHECK(!has(page, "Sensitivity"));
  CHECK(!has(page, "on average"));
}
