// SPDX-License-Identifier: Apache-2.0
// What a model file says is enough to trace its network, and is written and read in one place.
#include "vitq/model_file.h"

#include <doctest/doctest.h>

#include "support/temp_folder.h"
#include "vitq/convert.h"
#include "vitq/error.h"
#include "vitq/lower.h"
#include "vitq/trace.h"

using namespace vitq;
using vitq::test::TempFolder;
namespace fs = std::filesystem;

namespace {

Converted golden(const char* name) {
  return convert(fs::path(VITQ_TEST_FILES) / "golden" / "models" / name, {});
}

}  // namespace

TEST_CASE("a network is traced for any batch, and asks for the tensors of its file") {
  const Converted made = golden("hf_vit");
  Shape input = usual_input(made.info);
  CHECK(input.rank() == 4);
  CHECK(input[0] == 1);
  input = input.with(0, 3);
  const Graph graph = trace(made.info, input);
  CHECK(graph[graph.inputs()[0]].name == "image");
  CHECK(graph[graph.outputs()[0].node].shape[0] == 3);
  CHECK(graph.params().size() == made.weights.tensors.size());
  require_weights(graph, made.weights, Scheme::float32());
}

TEST_CASE("a network of any size is usually shown images of 4 to 3, as high as they are prepared") {
  ModelInfo info = golden("hf_detr").info;
  info.preprocess.height = 96;
  CHECK(usual_input(info) == Shape{1, 3, 96, 128});
  const Shape input = {1, 3, 64, 96};
  Tensor mask({1, 64, 96}, DType::kF32);
  std::fill(mask.as<float>().begin(), mask.as<float>().end(), 1.0F);
  const Graph padded = trace_padded(info, input, mask);
  CHECK(padded.outputs().size() == trace(info, input).outputs().size());
}

TEST_CASE("what a network cannot be traced for is refused") {
  ModelInfo info = golden("hf_vit").info;
  const Shape input = usual_input(info);
  CHECK_THROWS_AS((void)trace(info, {1, 3, 1, 1}), ShapeError);
  const Tensor mask({1, input[2], input[3]}, DType::kF32);
  CHECK_THROWS_AS((void)trace_padded(info, input, mask), UnsupportedError);
  info.family = "unheard-of";
  CHECK_THROWS_AS((void)trace(info, input), UnsupportedError);
  CHECK_THROWS_AS((void)usual_input(info), UnsupportedError);
}

TEST_CASE("a model file is written whole, read back, and not overwritten unasked") {
  const TempFolder temp;
  const fs::path file = temp.path() / "model.safetensors";
  Converted made = golden("hf_vit");
  made.info.labels = {"cat", "dog"};
  write_model(file, made.info, made.weights, Overwrite::kNo);
  const Weights weights = read_safetensors(file, true);
  CHECK(has_model_info(weights));
  CHECK(read_model_info(weights, "model").to_json().dump() == made.info.to_json().dump());
  CHECK(weights.tensors.size() == made.weights.tensors.size());
  CHECK_THROWS_AS(write_model(file, made.info, made.weights, Overwrite::kNo), FileError);
  write_model(file, made.info, made.weights, Overwrite::kYes);
}

TEST_CASE("weights without the key are no model, and nonsense under it is told with its place") {
  Weights weights;
  CHECK(!has_model_info(weights));
  CHECK_THROWS_WITH_AS((void)read_model_info(weights, "a.safetensors"),
                       "a.safetensors: a checkpoint that was not converted (its metadata have no "
                       "key \"vitq\"); run vit_convert on it first",
                       FileError);
  weights.metadata["vitq"] = "{}";
  try {
    (void)read_model_info(weights, "a.safetensors");
    FAIL("nothing was thrown");
  } catch (const FileError& error) {
    CHECK(std::string(error.what()).starts_with("a.safetensors: metadata vitq"));
  }
}
