// SPDX-License-Identifier: Apache-2.0
// Walking over a graph in stops gives what running it at once gives, from memory or from a file.
#include "calibration/stream.h"

#include <doctest/doctest.h>

#include "quantizer/tiny_network.h"
#include "support/temp_folder.h"
#include "vitq/error.h"
#include "vitq/plan.h"
#include "vitq/session.h"

using namespace vitq;
using namespace vitq::test;

namespace {

constexpr std::int64_t kImages = 5;

// The logits after stops at every layer.
std::vector<float> walked(const TinyNetwork& tiny, ValueStore& store, int threads) {
  const Network network = tiny.network();
  const CalibrationImages images(network, tiny.images(kImages), store);
  Stream stream(images, store);
  for (NodeId id = 0; id < tiny.graph.size(); ++id) {
    if (!std::holds_alternative<op::Linear>(tiny.graph[id].op)) continue;
    stream.advance({&id, 1}, tiny.weights, Scheme::float32(), threads);
  }
  const NodeId logits = tiny.graph.outputs()[0].node;
  stream.advance({&logits, 1}, tiny.weights, Scheme::float32(), threads);
  std::vector<float> all;
  for (std::int64_t i = 0; i < kImages; ++i) {
    const Tensor value = stream.value(logits, i);
    all.insert(all.end(), value.as<float>().begin(), value.as<float>().end());
  }
  return all;
}

}  // namespace

TEST_CASE("a walk in many stops ends where one run ends") {
  const TinyNetwork tiny;
  ValueStore store(1 << 30, "/tmp");
  const std::vector<float> found = walked(tiny, store, 1);
  Session session(std::make_shared<const Plan>(
                      lower(tiny.graph, tiny.weights, Scheme::float32(), LowerOptions{})),
                  {.threads = 1});
  for (std::int64_t i = 0; i < kImages; ++i) {
    const auto logits = session.run(tiny.images(kImages).image(i))[0].as<float>();
    for (std::size_t j = 0; j < 5; ++j) {
      CHECK(found[static_cast<std::size_t>(i) * 5 + j] ==
            doctest::Approx(static_cast<double>(logits[j])).epsilon(1e-4));
    }
  }
}

TEST_CASE("values beyond the cap lie in a file and are the same") {
  const TinyNetwork tiny;
  const TempFolder temp;
  ValueStore memory(1 << 30, temp.path());
  ValueStore file(0, temp.path());
  CHECK(walked(tiny, memory, 1) == walked(tiny, file, 2));
  CHECK(std::filesystem::is_empty(temp.path()));
}

TEST_CASE("a folder that cannot hold the file is an error") {
  ValueStore store(0, "/no/such/folder");
  const std::vector<Shape> shapes = {{1, 4}, {1, 4}};
  CHECK_THROWS_AS(store.make(shapes), FileError);
}

TEST_CASE("a stream holds only what something ahead reads") {
  const TinyNetwork tiny;
  ValueStore store(1 << 30, "/tmp");
  const Network network = tiny.network();
  const CalibrationImages images(network, tiny.images(kImages), store);
  Stream stream(images, store);
  NodeId stem = 0;
  while (!std::holds_alternative<op::Conv2d>(tiny.graph[stem].op)) ++stem;
  CHECK(stream.holds(tiny.graph.inputs()[0]));
  stream.advance({&stem, 1}, tiny.weights, Scheme::float32(), 1);
  CHECK_FALSE(stream.holds(tiny.graph.inputs()[0]));
  CHECK(stream.holds(stem));
}
