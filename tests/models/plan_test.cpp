// SPDX-License-Identifier: Apache-2.0
// Plans of whole networks: what pruning and fusing may change, and what they may not.
#include "vitq/plan.h"

#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "plan/prune.h"
#include "support/temp_folder.h"
#include "vitq/convert.h"
#include "vitq/model.h"

using namespace vitq;
using vitq::test::TempFolder;
namespace fs = std::filesystem;

namespace {

const fs::path kGoldens = fs::path(VITQ_TEST_FILES) / "golden" / "models";

fs::path converted(const char* name, const TempFolder& temp) {
  const fs::path file = temp.path() / "model.safetensors";
  write_safetensors(file, convert(kGoldens / name, {}).weights, Overwrite::kYes);
  return file;
}

Model load(const fs::path& file, const LowerOptions& lower) {
  return Model::load(file,
                     {.session = {.threads = 1, .backend = Backend::kReference}, .lower = lower});
}

std::vector<float> logits_of(Model& model, const Tensor& input) {
  const Tensor logits = model.run(input)[0];
  return {logits.as<float>().begin(), logits.as<float>().end()};
}

std::int64_t multiplications(Model& model, std::int64_t batch) {
  std::int64_t sum = 0;
  for (const StepProfile& step : model.session(batch).profile()) sum += step.macs;
  return sum;
}

// The spans of rows that last layers are cut down to.
std::set<std::pair<std::int64_t, std::int64_t>> spans(const Graph& graph) {
  std::set<std::pair<std::int64_t, std::int64_t>> found;
  for (const auto& rows : rows_read(graph)) {
    if (rows) found.emplace(rows->begin, rows->end);
  }
  return found;
}

}  // namespace

TEST_CASE("pruning a network changes no bit and saves multiplications") {
  for (const char* name : {"timm_vit", "timm_deit_distilled"}) {
    CAPTURE(name);
    const TempFolder temp;
    const fs::path file = converted(name, temp);
    const Tensor input = read_safetensors(kGoldens / name / "expected.safetensors").at("input");
    Model whole = load(file, {.prune = false, .observe = {}});
    Model pruned = load(file, {});
    CHECK(logits_of(whole, input) == logits_of(pruned, input));
    const std::int64_t batch = input.shape()[0];
    CHECK(multiplications(pruned, batch) < multiplications(whole, batch));
  }
}

TEST_CASE("after the last attention only the tokens that heads read are computed") {
  using Spans = std::set<std::pair<std::int64_t, std::int64_t>>;
  const TempFolder temp;
  Model vit = load(converted("timm_vit", temp), {});
  CHECK(spans(vit.graph()) == Spans{{0, 1}});
  Model distilled = load(converted("timm_deit_distilled", temp), {});
  CHECK(spans(distilled.graph()) == Spans{{0, 2}});
}

TEST_CASE("a network with nothing fused gives the same answers, nearly to the bit") {
  const TempFolder temp;
  const fs::path file = converted("timm_vit", temp);
  const Tensor input = read_safetensors(kGoldens / "timm_vit" / "expected.safetensors").at("input");
  Model fused = load(file, {});
  LowerOptions all;
  for (NodeId id = 0; id < fused.graph().size(); ++id) all.observe.push_back({id, 0});
  Model observed = load(file, all);
  const std::int64_t batch = input.shape()[0];
  CHECK(fused.session(batch).plan().steps.size() < observed.session(batch).plan().steps.size());
  const std::vector<float> a = logits_of(fused, input);
  const std::vector<float> b = logits_of(observed, input);
  for (std::size_t i = 0; i < a.size(); ++i) {
    CHECK(std::abs(a[i] - b[i]) < 1e-5F * (1.0F + std::abs(a[i])));
  }
}

TEST_CASE("taps on the last product of attention see PyTorch's attention maps") {
  const TempFolder temp;
  const Weights golden = read_safetensors(kGoldens / "timm_vit" / "expected.safetensors");
  const Tensor input = golden.at("input");
  const fs::path file = converted("timm_vit", temp);
  Model model = load(file, {.prune = false, .observe = {}});
  const std::int64_t batch = input.shape()[0];
  std::vector<Site> sites;
  const Graph& graph = model.graph();
  for (NodeId id = 0; id < graph.size(); ++id) {
    if (graph[id].name.ends_with("attn.av")) sites.push_back({id, 0});
  }
  REQUIRE(sites.size() == 2);
  int block = 0;
  model.session(batch).run({&input, 1}, sites, [&](Site, const Tensor& found) {
    const Tensor& expected = golden.at("attention." + std::to_string(block++));
    REQUIRE(found.shape() == expected.shape());
    for (std::size_t i = 0; i < found.as<float>().size(); ++i) {
      CHECK(std::abs(found.as<float>()[i] - expected.as<float>()[i]) < 1e-5F);
    }
  });
  CHECK(block == 2);
}

TEST_CASE("batches of more sizes than are kept, in turn, give each image its answer") {
  const TempFolder temp;
  Model model = load(converted("timm_vit", temp), {});
  const Tensor golden =
      read_safetensors(kGoldens / "timm_vit" / "expected.safetensors").at("input");
  const std::span<const float> first = golden.as<float>().first(
      golden.as<float>().size() / static_cast<std::size_t>(golden.shape()[0]));
  const auto max = static_cast<std::int64_t>(Model::kMaxShapes);
  std::vector<float> expected;
  for (std::int64_t turn = 0; turn < 3 * (max + 1); ++turn) {
    Tensor input(golden.shape().with(0, 1 + turn % (max + 1)), DType::kF32);
    const std::span<float> images = input.as<float>();
    for (std::size_t i = 0; i < images.size(); ++i) images[i] = first[i % first.size()];
    const std::vector<float> logits = logits_of(model, input);
    if (turn == 0) expected = logits;
    for (std::size_t i = 0; i < logits.size(); ++i) {
      CHECK(std::abs(logits[i] - expected[i % expected.size()]) < 1e-4F);
    }
  }
}
