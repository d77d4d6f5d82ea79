// SPDX-License-Identifier: Apache-2.0
// What answers lose against those of the float network, by values worked out by hand.
#include "bits/losses.h"

#include <doctest/doctest.h>

#include <cmath>

#include "network/token_flow.h"
#include "quantizer/tiny_network.h"
#include "vitq/sensitivity.h"

using namespace vitq;
using namespace vitq::test;

namespace {

Tensor tensor_of(const Shape& shape, const std::vector<float>& values) {
  Tensor tensor(shape, DType::kF32);
  std::copy(values.begin(), values.end(), tensor.as<float>().begin());
  return tensor;
}

double loss_between(Loss loss, const Tensor& reference, const Tensor& found) {
  return answer_loss(loss, {&reference, 1}, {&found, 1});
}

}  // namespace

TEST_CASE("of one class of several, the loss is the divergence of softmax, the mean over rows") {
  const Tensor even = tensor_of({2, 2}, {0.0F, 0.0F, 5.0F, 5.0F});
  const Tensor other = tensor_of({2, 2}, {std::log(3.0F), 0.0F, 7.0F, 7.0F});
  const double one = 0.5 * std::log(0.5 / 0.75) + 0.5 * std::log(0.5 / 0.25);
  CHECK(loss_between(Loss::kSoftmaxKl, even, other) == doctest::Approx(one / 2.0).epsilon(1e-6));
}

TEST_CASE("of classes each for itself, the loss is the sum of their divergences of sigmoid") {
  // Probabilities 1/2 and 3/4 against 3/4 and 3/4.
  const Tensor reference = tensor_of({1, 2}, {0.0F, std::log(3.0F)});
  const Tensor found = tensor_of({1, 2}, {std::log(3.0F), std::log(3.0F)});
  const double expected = 0.5 * std::log(0.5 / 0.75) + 0.5 * std::log(0.5 / 0.25);
  CHECK(loss_between(Loss::kSigmoidKl, reference, found) ==
        doctest::Approx(expected).epsilon(1e-6));
  // One class alone has a loss, too: its softmax would be 1 whatever the logit is.
  const Tensor sure = tensor_of({1, 1}, {300.0F});
  const Tensor unsure = tensor_of({1, 1}, {0.0F});
  CHECK(loss_between(Loss::kSigmoidKl, sure, unsure) == doctest::Approx(std::log(2.0)));
  CHECK(loss_between(Loss::kSigmoidKl, unsure, sure) ==
        doctest::Approx(0.5 * std::log(0.5) + 0.5 * (std::log(0.5) + 300.0)));
}

TEST_CASE("of values, the loss is the squared error over their squares, the mean over outputs") {
  const Tensor reference[] = {tensor_of({1, 2}, {3.0F, 4.0F}), tensor_of({1, 1}, {10.0F})};
  const Tensor found[] = {tensor_of({1, 2}, {3.0F, 3.0F}), tensor_of({1, 1}, {8.0F})};
  CHECK(answer_loss(Loss::kRelativeError, reference, found) ==
        doctest::Approx((1.0 / 25.0 + 4.0 / 100.0) / 2.0));
  CHECK(answer_loss(Loss::kRelativeError, reference, reference) == 0.0);
}

TEST_CASE("a network of features is judged at all of its outputs, and more bits lose less") {
  TinyNetwork tiny;
  // The answers to a class are features now, and the sum before the last norm is a second output.
  NodeId sum = tiny.graph.size();
  while (!is_residual_sum(tiny.graph, --sum)) continue;
  const NodeId pooled = tiny.graph.outputs()[0].node;
  tiny.graph.set_outputs({{"features", pooled}, {"tokens", sum}});
  Network network = tiny.network();
  network.loss = Loss::kRelativeError;
  CHECK(judged_outputs(network) == std::vector<NodeId>{pooled, sum});
  QuantizeOptions options;
  options.threads = 1;
  const Sensitivities found =
      measure_sensitivities(network, tiny.images(24), recipe_named("default"), options, {});
  REQUIRE(found.uniform.size() == 5);
  CHECK(found.uniform[0].loss > 4.0 * found.uniform[2].loss);
  CHECK(found.uniform[4].loss > 0.0);
  options.rules = {{".", Bits{5, 8}}};
  CHECK(judged_loss(network, tiny.images(24), recipe_named("default"), options) ==
        found.uniform[1].loss);
  network.loss = Loss::kSoftmaxKl;
  CHECK(judged_outputs(network) == std::vector<NodeId>{pooled});
}
