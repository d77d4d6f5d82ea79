// SPDX-License-Identifier: Apache-2.0
// vit_infer as a user runs it, on small models: what it prints and writes.
#include <cmath>

#include "run.h"
#include "vitq/json.h"
#include "vitq/npy.h"

using namespace vitq;
using namespace vitq::test;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t start = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', start)) {
    lines.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return lines;
}

double relative_error(std::span<const float> found, std::span<const float> expected) {
  REQUIRE(found.size() == expected.size());
  double worst = 0.0;
  double largest = 0.0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    worst =
        std::max(worst, std::abs(static_cast<double>(found[i]) - static_cast<double>(expected[i])));
    largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
  }
  return worst / largest;
}

}  // namespace

TEST_CASE("one image's answer in JSON is one object with the fixed fields") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string image = write_image(temp, "a.png", 0);
  const Result result = run("vit_infer", {"-m", model, image, "-f", "json", "--timing"});
  REQUIRE_MESSAGE(result.code == 0, result.err);
  const Json json = Json::parse(result.out, "answer");
  CHECK(json.at("image").string() == image);
  CHECK(json.at("width").integer(1, 100) == 40);
  CHECK(json.at("height").integer(1, 100) == 30);
  CHECK(json.at("task").string() == "classification");
  CHECK(json.at("model").string() == model);
  for (const char* stage : {"decode", "preprocess", "infer", "post"}) {
    CHECK(json.at("timing_ms").at(stage).number() >= 0.0);
  }
  const std::vector<Json> predictions = json.at("predictions").items();
  REQUIRE(predictions.size() == 5);
  double before = 1.0;
  for (const Json& prediction : predictions) {
    CHECK(prediction.at("id").integer(0, 9) >= 0);
    CHECK(!prediction.at("label").string().empty());
    CHECK(prediction.at("score").number() <= before);
    before = prediction.at("score").number();
  }
  CHECK(before > 0.0);
}

TEST_CASE("several images are an array in JSON, and a line each in JSON lines") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string a = write_image(temp, "a.png", 0);
  const std::string b = write_image(temp, "b.png", 1);
  const Result array = run("vit_infer", {"-m", model, a, b, "-f", "json", "-k", "2"});
  const std::vector<Json> items = Json::parse(array.out, "answer").items();
  REQUIRE(items.size() == 2);
  const Result result = run("vit_infer", {"-m", model, a, b, "-f", "jsonl", "-k", "2"});
  const std::vector<std::string> lines = lines_of(result.out);
  REQUIRE(lines.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(Json::parse(lines[i], "line").dump() == items[i].dump());
    CHECK(!items[i].contains("timing_ms"));
  }
  CHECK(items[1].at("image").string() == b);
}

TEST_CASE("CSV has a line per class, and quotes what holds a comma") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string image = write_image(temp, "a, b.png", 0);
  const Result result = run("vit_infer", {"-m", model, image, "-f", "csv", "-k", "10"});
  const std::vector<std::string> lines = lines_of(result.out);
  REQUIRE(lines.size() == 11);
  CHECK(lines[0] == "image,rank,id,label,score");
  CHECK(lines[1].starts_with("\"" + image + "\",1,"));
  CHECK(result.out.find(",8,\"ibis, a bird\",") != std::string::npos);
}

TEST_CASE("text has the image's name, then a score and a label per line") {
  const TempFolder temp;
  const std::string image = write_image(temp, "a.png", 0);
  const Result result = run("vit_infer", {"-m", make_model(temp), image, "-k", "3"});
  const std::vector<std::string> lines = lines_of(result.out);
  REQUIRE(lines.size() == 4);
  CHECK(lines[0] == image);
  CHECK(lines[1].starts_with("  0."));
  CHECK(result.err.empty());
}

TEST_CASE("a folder stands for its images in order, with --recursive those below it too") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  fs::create_directories(temp.path() / "in" / "below");
  write_image(temp, "in/c.PNG", 0);
  write_image(temp, "in/b.png", 1);
  write_image(temp, "in/below/a.png", 2);
  temp.file("in/notes.txt", "no image");
  temp.file("in/._b.png", "what a Mac leaves beside a file");
  const std::string folder = (temp.path() / "in").string();
  const auto names = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments = {"-m", model, folder, "-f", "jsonl"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    std::vector<std::string> found;
    for (const std::string& line : lines_of(run("vit_infer", arguments).out)) {
      found.push_back(fs::relative(Json::parse(line, "line").at("image").string(), folder));
    }
    return found;
  };
  CHECK(names({}) == std::vector<std::string>{"b.png", "c.PNG"});
  CHECK(names({"--recursive"}) == std::vector<std::string>{"b.png", "below/a.png", "c.PNG"});
}

TEST_CASE("a folder's images are known by the endings of every format") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string png = contents_of(write_image(temp, "a.png", 0));
  fs::create_directories(temp.path() / "in");
  for (const char* name :
       {"in/a.WebP", "in/b.bmp", "in/c.gif", "in/d.jpeg", "in/e.JPG", "in/f.tif"}) {
    temp.file(name, png);
  }
  const Result result =
      run("vit_infer", {"-m", model, (temp.path() / "in").string(), "-f", "jsonl"});
  CHECK(lines_of(result.out).size() == 5);
}

TEST_CASE("images have as many pixels as --max-megapixels says") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const fs::path file = temp.path() / "large.png";
  write_png(file, make_image(1100, 1000), Overwrite::kNo);
  check_refused(run("vit_infer", {"-m", model, file.string(), "--max-megapixels", "1"}), 6,
                "the limit is set to 1 megapixels");
  CHECK(run("vit_infer", {"-m", model, file.string(), "--max-megapixels", "2"}).code == 0);
  CHECK(run("vit_infer", {"-m", model, file.string(), "--max-megapixels", "269"}).code == 2);
}

TEST_CASE("an image on standard input is answered as the same file is") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string image = write_image(temp, "a.png", 3);
  const Result file = run("vit_infer", {"-m", model, image, "-f", "json"});
  const Result input =
      run({.program = "vit_infer", .arguments = {"-m", model, "-", "-f", "json"}, .input = image});
  CHECK(input.code == 0);
  const Json answer = Json::parse(input.out, "answer");
  CHECK(answer.at("image").string() == "-");
  CHECK(answer.at("predictions").dump() ==
        Json::parse(file.out, "answer").at("predictions").dump());
}

TEST_CASE("batches answer as single images do, and no image depends on its neighbours") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  std::vector<std::string> arguments = {"-m", model};
  for (int i = 0; i < 5; ++i) {
    arguments.push_back(write_image(temp, std::to_string(i) + ".png", i));
  }
  const Result singles = run("vit_infer", arguments);
  REQUIRE(singles.code == 0);
  arguments.insert(arguments.end(), {"-b", "2"});
  CHECK(run("vit_infer", arguments).out == singles.out);

  const std::string a = arguments[2];
  const auto first = [&](const std::string& neighbour) {
    const Result pair = run("vit_infer", {"-m", model, a, neighbour, "-b", "2", "-f", "jsonl"});
    return lines_of(pair.out).at(0);
  };
  CHECK(first(arguments[3]) == first(arguments[4]));
}

TEST_CASE("a prepared tensor gives PyTorch's logits, and dumps come back as they went in") {
  const TempFolder temp;
  const Weights expected = read_safetensors(golden("hf_vit") / "expected.safetensors");
  const fs::path input = temp.path() / "in.npy";
  write_npy(input, expected.at("input"), Overwrite::kNo);
  const std::string dump = (temp.path() / "dump").string();
  const std::vector<std::string> arguments = {
      "-m", make_model(temp), "--tensor", input, "--dump", dump, "-f", "jsonl", "--topk", "1"};
  const Result result = run("vit_infer", arguments);
  REQUIRE_MESSAGE(result.code == 0, result.err);
  CHECK(lines_of(result.out).size() == 2);
  const Tensor logits = read_npy(fs::path(dump) / "logits.npy");
  CHECK(logits.shape() == expected.at("logits").shape());
  CHECK(relative_error(logits.as<float>(), expected.at("logits").as<float>()) < 1e-4);
  CHECK(contents_of(fs::path(dump) / "input.npy") == contents_of(input));
  check_refused(run("vit_infer", arguments), 3, "input.npy: exists already");
}

TEST_CASE("--keep-going answers the rest and ends with 1; without it the first failure ends") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string good = write_image(temp, "good.png", 0);
  const std::string bad = temp.file("bad.png", contents_of(good).substr(0, 200));
  const Result on = run("vit_infer", {"-m", model, bad, good, "-f", "jsonl", "--keep-going"});
  CHECK(on.code == 1);
  const std::vector<std::string> lines = lines_of(on.out);
  REQUIRE(lines.size() == 2);
  CHECK(Json::parse(lines[0], "line").at("error").string().starts_with(bad));
  CHECK(Json::parse(lines[1], "line").at("predictions").items().size() == 5);
  const Result stop = run("vit_infer", {"-m", model, good, bad, good, "-b", "3"});
  CHECK(stop.code == 4);
  CHECK(lines_of(stop.out).size() == 6);
}

TEST_CASE("--preprocessor and --labels replace what the model file says") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string image = write_image(temp, "a.png", 0);
  const std::string labels = temp.file("labels.txt", "a0\na1\na2\na3\na4\na5\na6\na7\na8\na9\n");
  const std::string preprocessor = temp.file(
      "pre.json", R"({"size": {"height": 16, "width": 16}, "resample": 3, "do_center_crop": false,
                      "image_mean": [0.1, 0.2, 0.3], "image_std": [0.4, 0.5, 0.6]})");
  const Result plain = run("vit_infer", {"-m", model, image, "-f", "json"});
  const Result other = run("vit_infer", {"-m", model, image, "-f", "json", "--labels", labels,
                                         "--preprocessor", preprocessor});
  const Json first = Json::parse(other.out, "answer").at("predictions").items().at(0);
  CHECK(first.at("label").string().substr(1) == std::to_string(first.at("id").integer(0, 9)));
  CHECK(first.at("label").string().front() == 'a');
  const Json before = Json::parse(plain.out, "answer").at("predictions").items().at(0);
  CHECK(first.at("score").number() != before.at("score").number());
}

TEST_CASE("the default model is VITQ_MODEL, and without one the message says how to get one") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string image = write_image(temp, "a.png", 0);
  const Result named = run({.program = "vit_infer",
                            .arguments = {image, "-f", "json"},
                            .environment = "VITQ_MODEL=" + quoted(model)});
  CHECK(named.code == 0);
  CHECK(Json::parse(named.out, "answer").at("model").string() == model);
  const Result missing = run({.program = "vit_infer",
                              .arguments = {image},
                              .environment = "VITQ_MODEL=" + quoted(model + ".gone")});
  check_refused(missing, 3, model + ".gone");
}

TEST_CASE("--explain and --profile list the steps with their kernels") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const Result plan = run("vit_infer", {"-m", model, "--explain"});
  CHECK(plan.code == 0);
  CHECK(plan.out.find("blocks.1.mlp.fc2") != std::string::npos);
  const std::string image = write_image(temp, "a.png", 0);
  const Result profile = run("vit_infer", {"-m", model, image, "--profile"});
  CHECK(profile.code == 0);
  CHECK(lines_of(profile.out).size() == 6);
  CHECK(profile.err.find("GOP/s") != std::string::npos);
  CHECK(profile.err.find("blocks.0.attn.qkv") != std::string::npos);
}

TEST_CASE("the attention image shows what the network saw, large enough to look at") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string image = write_image(temp, "a.png", 0);
  const std::string out = (temp.path() / "map.png").string();
  for (const char* method : {"last", "rollout"}) {
    const Result result = run("vit_infer", {"-m", model, image, "--attention", out, "--method",
                                            method, "--force", "--head", "1"});
    REQUIRE_MESSAGE(result.code == 0, result.err);
    const Image map = read_image(out, Exif::kIgnore);
    CHECK(map.width == 640);
    CHECK(map.height == 640);
  }
  check_refused(run("vit_infer", {"-m", model, image, "--attention", out}), 3, "exists already");
  const Result wrong =
      run("vit_infer", {"-m", model, image, "--attention", out, "--force", "--layer", "2"});
  CHECK(wrong.code == 2);
}
