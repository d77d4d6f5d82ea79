// SPDX-License-Identifier: Apache-2.0
// The programs of docs/examples do what their first lines say.
#include <algorithm>

#include "apps/features.h"
#include "apps/run.h"
#include "vitq/weights.h"

using namespace vitq;
using namespace vitq::test;

TEST_CASE("the example quantizes a checkpoint, and the example that classifies reads the result") {
  const TempFolder temp;
  const std::string model = (temp.path() / "float.safetensors").string();
  const std::string int8 = (temp.path() / "int8.safetensors").string();
  const std::string a = write_image(temp, "a.png", 1);
  const std::string b = write_image(temp, "b.png", 2);
  const Result made = run_example("quantize", {golden("hf_vit").string(), model, int8, a, b});
  REQUIRE_MESSAGE(made.code == 0, made.err);
  CHECK(made.out.find("of 2 answers agree") != std::string::npos);
  CHECK(read_safetensors(int8).at("blocks.0.mlp.fc1.weight").dtype() != DType::kF32);

  for (const std::string& file : {model, int8}) {
    const Result named = run_example("classify", {file, a});
    CHECK_MESSAGE(named.code == 0, named.err);
    CHECK(std::count(named.out.begin(), named.out.end(), '\n') == 5);
  }
}

TEST_CASE("the example that detects finds objects, and refuses a model that classifies") {
  const TempFolder temp;
  const std::string image = write_image(temp, "a.png", 1);
  const Result found = run_example("detect", {make_model(temp, "hf_detr"), image});
  CHECK_MESSAGE(found.code == 0, found.err);
  const Result refused = run_example("detect", {make_model(temp, "hf_vit"), image});
  CHECK(refused.code == 1);
  CHECK(refused.err.find("does not detect") != std::string::npos);
}

TEST_CASE("the example that compares two images finds one as similar to itself as can be") {
  const TempFolder temp;
  const std::string model = make_headless(temp);
  const std::string a = write_image(temp, "a.png", 1);
  const Result same = run_example("similar", {model, a, a});
  CHECK_MESSAGE(same.out == "1\n", same.err);
  const Result other = run_example("similar", {model, a, write_image(temp, "b.png", 2)});
  CHECK(std::stod(other.out) < 1.0);
  const Result refused = run_example("similar", {make_model(temp, "hf_vit"), a, a});
  CHECK(refused.code == 1);
  CHECK(refused.err.find("not features") != std::string::npos);
}

TEST_CASE("the example with threads names every image, one thread each") {
  const TempFolder temp;
  std::vector<std::string> arguments = {make_model(temp, "hf_vit")};
  for (int i = 0; i < 6; ++i) {
    arguments.push_back(write_image(temp, "image" + std::to_string(i) + ".png", i));
  }
  const Result named = run_example("threads", arguments);
  REQUIRE_MESSAGE(named.code == 0, named.err);
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    CHECK(named.out.find(arguments[i] + "  ") != std::string::npos);
  }
}

TEST_CASE("the examples say what is wrong with a file, and how they are called") {
  const TempFolder temp;
  const std::string text = temp.file("text", "no model");
  for (const char* name : {"classify", "detect", "threads"}) {
    CHECK(run_example(name, {}).code == 2);
    const Result wrong = run_example(name, {text, text});
    CHECK(wrong.code == 1);
    CHECK(wrong.err.find(text) != std::string::npos);
  }
  CHECK(run_example("quantize", {}).code == 2);
  CHECK(run_example("similar", {}).code == 2);
}
