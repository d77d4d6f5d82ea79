// SPDX-License-Identifier: Apache-2.0
// What the report says of clipped ranges and of output tokens.
#include "report.h"

#include <doctest/doctest.h>

#include "layer/rounding.h"
#include "quantizer/tiny_network.h"

using namespace vitq;
using namespace vitq::test;

TEST_CASE("the report shows ranges as they are clipped, and the bits of output tokens") {
  const TinyNetwork tiny;
  QuantizeOptions options;
  options.bits = {4, 3};
  const Quantized result =
      quantize(tiny.network(), tiny.images(24), recipe_named("default"), options);
  int clipping = 0;
  for (const LayerReport& entry : result.report) {
    CAPTURE(entry.plan.name);
    const QParams& codes = result.scheme.sites().at({entry.plan.node, 0});
    CHECK(entry.plan.output_token_bits == codes.output_token_bits);
    if (codes.clip.empty()) {
      CHECK(entry.clip == std::array{0.0F, 0.0F});
      CHECK(entry.clipped == 0.0);
      continue;
    }
    ++clipping;
    CHECK(entry.clip == std::array{codes.clip[0], codes.clip[1]});
    // No row but an output token spans more than what is left of the range of all values.
    const float span = entry.inputs.highs[1] - entry.inputs.lows[1];
    const float left = 1.0F - codes.clip[0] - codes.clip[1];
    CHECK(span <= left * (entry.inputs.max - entry.inputs.min) * 1.0001F);
  }
  CHECK(clipping > 0);
  const std::string json = report_to_json(result.report).dump();
  CHECK(json.find(R"("activations":3,"output_tokens":8)") != std::string::npos);
}

TEST_CASE("a report tells where clipped ranges end and what lies outside of them") {
  LayerDraft layer = draft_of(random_matrix(3, 16, 1), 8, 4);
  Matrix rows(4, 16);  // the numbers from 0 to 15 in each
  for (std::size_t i = 0; i < rows.values.size(); ++i) rows.values[i] = static_cast<float>(i % 16);
  layer.input.clip = {0.25F, 0.25F};
  layer.input.output_token_bits = 8;
  LayerData data(source_of(layer, {rows, rows}, 1), 1);
  round_to_nearest(layer, largest_scales(layer));
  LayerReport report;
  report_end(layer, data, report);
  // Codes stand for 3.75, 4.25 to 11.25, so that 0 to 3 and 12 to 15 are outside. The first row of
  // each image is an output token.
  CHECK(report.clipped == 0.5 * 3.0 / 4.0);
  CHECK(report.clip == std::array{0.25F, 0.25F});
  CHECK(report.inputs.lows == std::array{0.0F, 3.75F, 3.75F});
  CHECK(report.inputs.highs == std::array{11.25F, 11.25F, 15.0F});
}
