// SPDX-License-Identifier: Apache-2.0
// The programs of docs/examples do what their first lines say.
#include <algorithm>
#include <sstream>

#include "apps/features.h"
#include "apps/run.h"
#include "vitq/weights.h"

using namespace vitq;
using namespace vitq::test;

namespace {

Result run_example(const std::string& name, std::vector<std::string> arguments) {
  return run("../examples/" + name, std::move(arguments));
}

}  // namespace

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

TEST_CASE("the examples in C and Rust name what the one in C++ names") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string image = write_image(temp, "a.png", 1);
  const Result expected = run_example("classify", {model, image});
  const Result in_c = run_example("classify_c", {model, image});
  CHECK_MESSAGE(in_c.out == expected.out, in_c.err);
  const Result refused = run_example("classify_c", {image, image});
  CHECK(refused.code == 1);
  CHECK(refused.err.find(image) != std::string::npos);
  CHECK(run_example("classify_c", {}).code == 2);

  if (!fs::exists(VITQ_PROGRAMS "/../examples/classify_rust")) {
    MESSAGE("skipped: there is no rustc");
    return;
  }
  const Result in_rust = run_example("classify_rust", {model, image});
  REQUIRE_MESSAGE(in_rust.code == 0, in_rust.err);
  std::istringstream mine(in_rust.out);
  std::istringstream theirs(expected.out);
  double score = 0.0;
  double other = 0.0;
  for (std::string label, name; theirs >> other >> name;) {
    mine >> score >> label;
    REQUIRE(!mine.fail());
    CHECK(score == doctest::Approx(other).epsilon(1e-5));
    CHECK(label == name);
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
