// SPDX-License-Identifier: Apache-2.0
// The recipe for those who would otherwise use half floats.
#include <doctest/doctest.h>

#include "quantizer/tiny_quantized.h"

using namespace vitq;
using namespace vitq::test;

TEST_CASE("the near-float recipe is nearer to float than 8 bits, with queries and keys of 8") {
  const TinyNetwork tiny;
  const Recipe recipe = recipe_named("near-float");
  const Quantized result = quantized(tiny, recipe.bits, 1, recipe);
  int products = 0;
  for (const auto& [site, params] : result.scheme.sites()) {
    const auto* product = std::get_if<op::MatMul>(&tiny.graph[site.node].op);
    if (product == nullptr) continue;
    ++products;
    CHECK(params.bits == (product->transpose_b ? 8 : 12));
  }
  CHECK(products > 0);
  const double snr_of_it = snr(logits_of(tiny, tiny.weights, Scheme::float32()),
                               logits_of(tiny, result.weights, result.scheme));
  CHECK(snr_of_it > snr_at(tiny, {8, 8}) + 6.0);
}
