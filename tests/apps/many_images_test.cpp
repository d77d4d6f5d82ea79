// SPDX-License-Identifier: Apache-2.0
// Several threads read and answer images. What is written is as one thread writes it.
#include <algorithm>
#include <regex>

#include "run.h"

using namespace vitq;
using namespace vitq::test;

namespace {

// A quantized model, whose answers are the same for any batch and number of threads. Beside it
// lies a folder of images with two damaged ones among them.
struct Scene {
  TempFolder temp;
  std::string model;
  std::string folder;

  explicit Scene(const std::string& name) {
    const std::string floating = make_model(temp, name);
    model = (temp.path() / "coded.safetensors").string();
    fs::create_directories(temp.path() / "images/0");
    folder = (temp.path() / "images/0").string();
    for (int i = 10; i < 23; ++i) {
      write_image(temp, "images/0/" + std::to_string(i) + ".png", i);
    }
    const Result made = run("vit_quantize", {floating, "--calib", folder, "-o", model});
    REQUIRE(made.code == 0);
    const std::string whole = contents_of(temp.path() / "images/0/10.png");
    temp.file("images/0/14.png", whole.substr(0, 200));
    temp.file("images/0/21.png", whole.substr(0, 300));
  }
};

// The answers without measured seconds, and without boxes. Those come of float layers, whose last
// bits depend on the threads.
std::string exact(const std::string& answers) {
  return std::regex_replace(answers,
                            std::regex(R"re("images_per_second": [0-9.e+-]+|"box":[^\]]*)re"), "");
}

void check_same(const Result& found, const Result& expected) {
  CHECK(found.code == expected.code);
  CHECK(exact(found.out) == exact(expected.out));
  CHECK(found.err == expected.err);
}

}  // namespace

TEST_CASE("vit_infer answers, refuses and keeps going with any number of threads as with one") {
  const Scene scene("hf_vit");
  for (const char* batch : {"1", "3"}) {
    std::vector<std::string> going = {"-m", scene.model, "-f", "jsonl", "-b", batch, scene.folder};
    const Result expected_stop = run("vit_infer", going);
    CHECK(expected_stop.code == 4);
    going.emplace_back("--keep-going");
    const Result expected = run("vit_infer", going);
    CHECK(expected.code == 1);
    for (const char* threads : {"2", "5", "30"}) {
      CAPTURE(batch);
      CAPTURE(threads);
      std::vector<std::string> command = going;
      command.insert(command.end(), {"-t", threads});
      check_same(run("vit_infer", command), expected);
      command.erase(std::find(command.begin(), command.end(), "--keep-going"));
      check_same(run("vit_infer", command), expected_stop);
    }
  }
}

TEST_CASE("what vit_infer keeps of many images has their order with any number of threads") {
  const Scene scene("hf_vit");
  std::string expected;
  for (const char* threads : {"1", "2", "5"}) {
    const fs::path dump = scene.temp.path() / (std::string("dump") + threads);
    const Result result = run("vit_infer", {"-m", scene.model, "--keep-going", "-t", threads,
                                            "--dump", dump.string(), scene.folder});
    CHECK(result.code == 1);
    const std::string kept = contents_of(dump / "input.npy") + contents_of(dump / "logits.npy");
    if (expected.empty()) expected = kept;
    CAPTURE(threads);
    CHECK(kept == expected);
  }
}

TEST_CASE("a detector's images are answered in order with any number of threads") {
  const Scene scene("hf_detr");
  const std::vector<std::string> command = {
      "-m", scene.model, "-f", "jsonl", "--threshold", "0", "--keep-going", scene.folder};
  const Result expected = run("vit_infer", command);
  CHECK(expected.code == 1);
  for (const char* threads : {"2", "5"}) {
    std::vector<std::string> shared = command;
    shared.insert(shared.end(), {"-t", threads});
    CAPTURE(threads);
    check_same(run("vit_infer", shared), expected);
  }
}

TEST_CASE("vit_eval counts the same with any number of threads") {
  const Scene scene("hf_vit");
  const std::vector<std::string> command = {
      scene.model, "--images", (scene.temp.path() / "images").string(),
      "--format",  "json",     "--against",
      scene.model, "--each"};
  const Result expected_stop = run("vit_eval", command);
  CHECK(expected_stop.code == 4);
  std::vector<std::string> going = command;
  going.emplace_back("--keep-going");
  const Result expected = run("vit_eval", going);
  CHECK(expected.code == 1);
  for (const char* threads : {"2", "5", "30"}) {
    std::vector<std::string> shared = going;
    shared.insert(shared.end(), {"-t", threads});
    CAPTURE(threads);
    check_same(run("vit_eval", shared), expected);
    shared.erase(std::find(shared.begin(), shared.end(), "--keep-going"));
    check_same(run("vit_eval", shared), expected_stop);
  }
}

TEST_CASE("vit_eval compares detectors in the same way with any number of threads") {
  const Scene scene("hf_detr");
  const std::vector<std::string> command = {scene.model, "--images",  scene.folder, "--format",
                                            "json",      "--against", scene.model,  "--keep-going"};
  const Result expected = run("vit_eval", command);
  REQUIRE_MESSAGE(expected.code == 1, expected.err);
  for (const char* threads : {"2", "5"}) {
    std::vector<std::string> shared = command;
    shared.insert(shared.end(), {"-t", threads});
    CAPTURE(threads);
    check_same(run("vit_eval", shared), expected);
  }
}
