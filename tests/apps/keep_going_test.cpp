// SPDX-License-Identifier: Apache-2.0
// A damaged image among many, images that are poor to calibrate on, and files that are left out.
#include "run.h"
#include "vitq/json.h"
#include "vitq/model_file.h"

using namespace vitq;
using namespace vitq::test;

namespace {

bool says(const Result& result, const std::string& part) {
  return result.err.find(part) != std::string::npos;
}

// A folder 0 of two images and a damaged one, and a text.
std::string make_folder(const TempFolder& temp) {
  fs::create_directories(temp.path() / "0");
  write_image(temp, "0/a.png", 0);
  const std::string image = write_image(temp, "0/b.png", 1);
  temp.file("0/a_bad.png", contents_of(image).substr(0, 200));
  temp.file("0/notes.txt", "");
  return (temp.path() / "0").string();
}

// A model whose answers differ from those of hf_vit by the image.
std::string make_other(const TempFolder& temp) {
  Converted made = convert(golden("hf_vit"), {});
  made.weights.tensors["blocks.1.mlp.fc2.weight"] =
      Tensor(made.weights.at("blocks.1.mlp.fc2.weight").shape(), DType::kF32);
  const fs::path path = temp.path() / "other.safetensors";
  write_model(path, made.info, made.weights, Overwrite::kNo);
  return path.string();
}

}  // namespace

TEST_CASE("vit_eval --keep-going counts what it could read, and names the rest with exit 1") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  make_folder(temp);
  const TempFolder clean;
  const std::string other = make_other(clean);
  fs::create_directories(clean.path() / "0");
  write_image(clean, "0/a.png", 0);
  write_image(clean, "0/b.png", 1);
  const Json expected = Json::parse(
      run("vit_eval", {model, "--images", clean.path(), "--against", other, "--format", "json"})
          .out,
      "report");
  const std::vector<std::string> command = {model, "--images", temp.path(), "--format", "json"};
  check_refused(run("vit_eval", command), 4, "a_bad.png");
  for (const char* batch : {"1", "2", "8"}) {
    CAPTURE(batch);
    std::vector<std::string> going = command;
    going.insert(going.end(), {"--keep-going", "-b", batch, "--against", other});
    const Result result = run("vit_eval", going);
    CHECK(result.code == 1);
    CHECK(
        says(result, "1 of 3 images were left out:\n  " + (temp.path() / "0/a_bad.png").string()));
    CHECK(says(result, "left out (files .txt: 1, files beside the folders: 1)"));
    const Json report = Json::parse(result.out, "report");
    CHECK(report.at("images").integer(0, 9) == 2);
    // Float products are summed in another order for another batch.
    CHECK(report.at("against").at("kl").number() ==
          doctest::Approx(expected.at("against").at("kl").number()).epsilon(1e-4));
  }
  fs::remove(temp.path() / "0/a.png");
  fs::remove(temp.path() / "0/b.png");
  const Result none = run("vit_eval", {model, "--images", temp.path(), "--keep-going"});
  CHECK(none.code == 1);
  CHECK(none.out.empty());
  const std::string list = temp.file("list.tsv", "gone.png\t0\n");
  const Result listed =
      run("vit_eval", {model, "--images", temp.path(), "--labels", list, "--keep-going"});
  CHECK(listed.code == 1);
  CHECK(says(listed, "gone.png"));
}

TEST_CASE("vit_quantize --keep-going makes the same of the images that it could read") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string folder = make_folder(temp);
  const std::string all = (temp.path() / "all.safetensors").string();
  check_refused(run("vit_quantize", {model, "--calib", folder, "-o", all}), 4, "a_bad.png");
  const Result result = run("vit_quantize", {model, "--calib", folder, "-o", all, "--keep-going"});
  CHECK_MESSAGE(result.code == 1, result.err);
  CHECK(says(result, "1 of 3 images were left out:\n  " + folder + "/a_bad.png"));
  CHECK(says(result, "left out (files .txt: 1)"));
  const std::string list = temp.file("list.txt",
                                     "\xEF\xBB\xBF"
                                     "0/a.png\r\n0/b.png\r\n");
  const std::string two = (temp.path() / "two.safetensors").string();
  const Result good = run("vit_quantize", {model, "--calib", list, "-o", two});
  CHECK_MESSAGE(good.code == 0, good.err);
  CHECK(contents_of(all) == contents_of(two));
}

TEST_CASE("without images a model is quantized on generated ones, the same in every run") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const auto quantize = [&](const std::string& name, const std::string& threads) {
    const std::string out = (temp.path() / name).string();
    const Result result =
        run("vit_quantize", {model, "-o", out, "--limit", "6", "--threads", threads});
    REQUIRE(result.code == 0);
    CHECK(says(result, "calibrated on  6 generated images"));
    return out;
  };
  const std::string one = quantize("one.safetensors", "1");
  CHECK(contents_of(one) == contents_of(quantize("two.safetensors", "2")));
  const Weights weights = read_safetensors(one);
  CHECK(weights.metadata.at("vitq").find(R"("calibration":"generated")") != std::string::npos);
}

TEST_CASE("what is poor to calibrate on is said") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string image = write_image(temp, "a.png", 0);
  write_png(temp.path() / "black.png", make_image(30, 30), Overwrite::kNo);
  const auto quantize = [&](const std::string& names) {
    const std::string list = temp.file("list.txt", names);
    const std::string out = (temp.path() / "out.safetensors").string();
    return run("vit_quantize", {model, "--calib", list, "-o", out, "--force"});
  };
  CHECK(says(quantize("a.png\n"), "calibrated on one image alone"));
  const Result poor = quantize("a.png\nblack.png\na.png\n");
  CHECK(poor.code == 0);
  CHECK(says(poor, "copies of others: 1 (" + image + ")"));
  CHECK(says(poor, "without contrast: 1 (" + (temp.path() / "black.png").string() + ")"));
  write_image(temp, "b.png", 1);
  CHECK_FALSE(says(quantize("a.png\nb.png\n"), "would serve better"));
}

TEST_CASE("vit_infer says what it has left out of folders, also where nothing is left") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string folder = make_folder(temp);
  fs::remove(temp.path() / "0/a_bad.png");
  fs::create_directory_symlink(temp.path(), temp.path() / "0" / "loop");
  const Result flat = run("vit_infer", {"-m", model, folder});
  CHECK(flat.code == 0);
  CHECK(says(flat, "vit_infer: left out (files .txt: 1, folders below: 1)"));
  const Result deep = run("vit_infer", {"-m", model, folder, "--recursive"});
  CHECK(deep.code == 0);
  CHECK(says(deep, "links to folders that were seen: 1"));
  fs::remove(temp.path() / "0/a.png");
  fs::remove(temp.path() / "0/b.png");
  check_refused(run("vit_infer", {"-m", model, folder}), 3, "(left out: files .txt: 1");
}
