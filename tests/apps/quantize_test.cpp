// SPDX-License-Identifier: Apache-2.0
// vit_quantize as a user runs it: what it writes, the same bytes each time, and what it says.
#include "run.h"
#include "vitq/json.h"
#include "vitq/npy.h"

using namespace vitq;
using namespace vitq::test;

namespace {

std::string make_images(const TempFolder& temp, int count) {
  fs::create_directories(temp.path() / "calib");
  for (int i = 0; i < count; ++i) write_image(temp, "calib/" + std::to_string(i) + ".png", i);
  return (temp.path() / "calib").string();
}

Result quantize(std::vector<std::string> more) {
  return run("vit_quantize", std::move(more));
}

Json quantization_of(const fs::path& file) {
  const Weights weights = read_safetensors(file, true);
  return Json::parse(weights.metadata.at("vitq"), "vitq").at("quantization");
}

std::vector<Json> plan_lines(const Json& report) {
  return report.at("layers").items();
}

}  // namespace

TEST_CASE("a quantized model answers images nearly as the float model, on integers") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string calib = make_images(temp, 6);
  const std::string out = (temp.path() / "int8.safetensors").string();
  const Result made = quantize({model, "--calib", calib, "-o", out});
  REQUIRE_MESSAGE(made.code == 0, made.err);
  CHECK(made.out.empty());
  CHECK(made.err.find("calibrated on  6 images") != std::string::npos);
  CHECK(made.err.find(" of " + model) != std::string::npos);
  CHECK(read_safetensors(out).at("blocks.0.mlp.fc1.weight").dtype() == DType::kU8);

  const Json record = quantization_of(out);
  CHECK(record.at("recipe").at("name").string() == "default");
  CHECK(record.at("bits").string() == "w7a8");
  CHECK(record.at("images").integer(6, 6) == 6);
  CHECK(record.at("calibration").string().size() == 16);
  CHECK(record.at("tool").string().starts_with("vitq "));

  const Result compared =
      run("vit_eval", {out, "--against", model, "--images", calib, "--format", "json"});
  REQUIRE_MESSAGE(compared.code == 0, compared.err);
  const Json json = Json::parse(compared.out, "eval");
  CHECK(!json.contains("top1"));
  CHECK(json.at("images").integer(6, 6) == 6);
  CHECK(json.at("against").at("logit_snr_db").number() > 15.0);
  CHECK(json.at("against").at("kl").number() < 0.01);
  CHECK(!json.at("against").contains("lost"));
}

TEST_CASE("the same inputs give the same bytes, whatever the threads and the folder's place") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string calib = make_images(temp, 4);
  const std::string a = (temp.path() / "a.safetensors").string();
  const std::string b = (temp.path() / "b.safetensors").string();
  REQUIRE(quantize({model, "--calib", calib, "-o", a, "-t", "1"}).code == 0);
  fs::rename(calib, temp.path() / "moved");
  const std::string moved = (temp.path() / "moved").string();
  REQUIRE(quantize({model, "--calib", moved, "-o", b, "-t", "2"}).code == 0);
  CHECK(contents_of(a) == contents_of(b));
  REQUIRE(quantize({model, "--calib", moved, "-o", b, "--limit", "3", "--force"}).code == 0);
  CHECK(contents_of(a) != contents_of(b));
}

TEST_CASE("a list names images relative to itself, and says the same as their folder") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string calib = make_images(temp, 3);
  const std::string list = temp.file("calib/list.tsv", "0.png\t7\r\n1.png\n\n2.png\t1\tx\n");
  const std::string a = (temp.path() / "a.safetensors").string();
  const std::string b = (temp.path() / "b.safetensors").string();
  REQUIRE(quantize({model, "--calib", calib, "-o", a}).code == 0);
  REQUIRE(quantize({model, "--calib", list, "-o", b}).code == 0);
  CHECK(contents_of(a) == contents_of(b));
}

TEST_CASE("the last rule that matches a layer holds, and a policy file comes first") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string policy = temp.file(
      "policy.json",
      R"({"rules": [{"layers": "fc1", "bits": "w4a4"}, {"layers": "fc2", "bits": "w5a5"}]})");
  const auto bits_of = [](const Result& result, const std::string& layer) {
    const std::size_t line = result.out.find("\n" + layer + " ");
    REQUIRE(line != std::string::npos);
    const std::size_t start = result.out.find_first_not_of(' ', line + 1 + layer.size());
    return result.out.substr(start, result.out.find(' ', start) - start);
  };
  const Result result = quantize({model, "--dry-run", "--policy", policy, "--keep", "blocks.0",
                                  "--set", "fc1=w6a8", "--set", "blocks.1.*qkv=w5a7"});
  REQUIRE_MESSAGE(result.code == 0, result.err);
  CHECK(bits_of(result, "blocks.0.mlp.fc1") == "w6a8");
  CHECK(bits_of(result, "blocks.0.mlp.fc2") == "float");
  CHECK(bits_of(result, "blocks.1.mlp.fc2") == "w5a5");
  CHECK(bits_of(result, "blocks.1.attn.qkv") == "w5a7");
  CHECK(bits_of(result, "blocks.1.attn.proj") == "w7a8");
  const Result turned = quantize({model, "--dry-run", "--set", "fc1=w6a8", "--keep", "blocks.0"});
  CHECK(bits_of(turned, "blocks.0.mlp.fc1") == "float");
}

TEST_CASE("a dry run needs no images, states sizes and writes nothing") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::ptrdiff_t before = temp.entries();
  const Result result = quantize({model, "--dry-run", "-o", (temp.path() / "no").string()});
  CHECK(result.code == 0);
  CHECK(result.out.find("all tensors: ") != std::string::npos);
  CHECK(result.out.find("w7a8") != std::string::npos);
  CHECK(temp.entries() == before);
  const Result wide = quantize({model, "--dry-run", "--recipe", "near-float"});
  CHECK(wide.out.find("w10a12") != std::string::npos);
  const Result wider = quantize({model, "--dry-run", "--recipe", "near-float", "--act-bits", "16"});
  CHECK(wider.out.find("w10a16") != std::string::npos);
}

TEST_CASE("layers that are kept stay in float, in the file and in the report") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string out = (temp.path() / "out.safetensors").string();
  const std::string report = (temp.path() / "report.json").string();
  const Result made = quantize(
      {model, "--calib", make_images(temp, 3), "-o", out, "--keep", "fc1$", "--report", report});
  REQUIRE_MESSAGE(made.code == 0, made.err);
  CHECK(made.err.find("blocks.0.mlp.fc1, blocks.1.mlp.fc1") != std::string::npos);
  CHECK(read_safetensors(out).at("blocks.1.mlp.fc1.weight").dtype() == DType::kF32);
  const Json json = Json::read(report);
  int layers = 0;
  for (const Json& layer : plan_lines(json)) {
    if (layer.at("kind").string() != "layer") continue;
    ++layers;
    const bool kept = layer.at("layer").string().ends_with("fc1");
    CHECK(layer.find("bits").has_value() != kept);
    if (!kept) CHECK(layer.at("error_after").number() >= 0.0);
  }
  CHECK(layers == 10);  // patches, four in each of two blocks, the head

  const std::string csv = (temp.path() / "report.csv").string();
  REQUIRE(quantize({model, "--calib", make_images(temp, 3), "-o", out, "--force", "--report", csv})
              .code == 0);
  CHECK(contents_of(csv).starts_with("layer,kind,bits,bytes,range,"));
}

TEST_CASE("a report may be a page, which tells how to repeat it") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string calib = make_images(temp, 3);
  const std::string out = (temp.path() / "out.safetensors").string();
  const std::string report = (temp.path() / "report.html").string();
  const Result made =
      quantize({model, "--calib", calib, "-o", out, "--keep", "fc1$|it's", "--report", report});
  REQUIRE_MESSAGE(made.code == 0, made.err);
  const std::string page = contents_of(report);
  CHECK(page.starts_with("<!DOCTYPE html>"));
  CHECK(page.ends_with("</html>\n"));
  CHECK(page.find("blocks.1.attn.qkv</th><td>w7a8</td>") != std::string::npos);
  CHECK(page.find("blocks.1.mlp.fc1</th><td>float</td>") != std::string::npos);
  CHECK(page.find("vit_quantize " + model + " --calib " + calib + " -o " + out +
                  " --keep &#39;fc1$|it&#39;\\&#39;&#39;s&#39; --report " + report) !=
        std::string::npos);
}

TEST_CASE("vit_quantize prints recipes that it reads again") {
  const TempFolder temp;
  const Result printed = quantize({"--print-recipe"});
  REQUIRE(printed.code == 0);
  const std::string recipe = temp.file("recipe.json", printed.out);
  CHECK(quantize({"--print-recipe", "--recipe", recipe}).out == printed.out);
}

TEST_CASE("vit_inspect --compare shows every layer, the head in the end, and where errors are") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string calib = make_images(temp, 4);
  const std::string out = (temp.path() / "int8.safetensors").string();
  REQUIRE(quantize({model, "--calib", calib, "-o", out}).code == 0);
  const std::string image = calib + "/0.png";
  const Result result = run("vit_inspect", {"--compare", model, out, image, "-f", "json"});
  REQUIRE_MESSAGE(result.code == 0, result.err);
  const std::vector<Json> layers = Json::parse(result.out, "compare").at("layers").items();
  REQUIRE(layers.size() == 13);  // patches, five in each of two blocks, head, logits
  CHECK(layers[0].at("layer").string() == "patch_embed.proj");
  CHECK(layers[0].at("snr_db").number() > 25.0);
  CHECK(layers[2].at("operation").string() == "attention");
  CHECK(layers[4].contains("output_tokens_snr_db"));
  CHECK(layers.back().at("layer").string() == "logits");
  CHECK(layers.back().at("snr_db").number() > 15.0);
  const Result text = run("vit_inspect", {"--compare", model, out, image});
  CHECK(text.out.find("blocks.1.mlp.fc2") != std::string::npos);
  const Result same = run("vit_inspect", {"--compare", model, model, image});
  CHECK(same.out.find("equal") != std::string::npos);
  check_refused(run("vit_inspect", {"--compare", model, out}), 2, "two model files and an image");
  check_refused(
      run("vit_inspect", {"--compare", model, make_model(temp, "timm_deit_distilled"), image}), 4,
      "not the same network");
}

TEST_CASE("the logits of a compared image are those that vit_infer gives") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string calib = make_images(temp, 4);
  const std::string out = (temp.path() / "int8.safetensors").string();
  REQUIRE(quantize({model, "--calib", calib, "-o", out}).code == 0);
  const std::string image = calib + "/1.png";
  const Json shown =
      Json::parse(run("vit_inspect", {"--compare", model, out, image, "-f", "json"}).out, "json");
  const fs::path folder = temp.path() / "one";
  fs::create_directories(folder);
  fs::copy_file(image, folder / "1.png");
  const Result result =
      run("vit_eval", {out, "--against", model, "--images", folder, "--format", "json"});
  const double expected = Json::parse(result.out, "eval").at("against").at("logit_snr_db").number();
  CHECK(shown.at("layers").items().back().at("snr_db").number() ==
        doctest::Approx(expected).epsilon(0.02));
}

TEST_CASE("a network that reads pixels takes a tensor of bytes and refuses one of floats") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string calib = make_images(temp, 3);
  const std::string out = (temp.path() / "int8.safetensors").string();
  REQUIRE(quantize({model, "--calib", calib, "-o", out}).code == 0);
  const auto dumped = [&](const std::string& of, const char* name) {
    const fs::path folder = temp.path() / name;
    REQUIRE(run("vit_infer", {"-m", of, calib + "/0.png", "--dump", folder}).code == 0);
    return folder;
  };
  const fs::path floats = dumped(model, "floats");
  const fs::path bytes = dumped(out, "bytes");
  CHECK(read_npy(bytes / "input.npy").dtype() == DType::kU8);
  const fs::path again = temp.path() / "again";
  CHECK(run("vit_infer", {"-m", out, "--tensor", bytes / "input.npy", "--dump", again}).code == 0);
  CHECK(contents_of(again / "logits.npy") == contents_of(bytes / "logits.npy"));
  check_refused(run("vit_infer", {"-m", out, "--tensor", floats / "input.npy"}), 4,
                "expected u8 [1, 3, 16, 16], found f32");
  check_refused(run("vit_infer", {"-m", model, "--tensor", bytes / "input.npy"}), 4,
                "expected f32 [1, 3, 16, 16], found u8");
}

TEST_CASE("--check-range has nothing to say of ranges per row, and says so on standard error") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string calib = make_images(temp, 3);
  const std::string out = (temp.path() / "int8.safetensors").string();
  REQUIRE(quantize({model, "--calib", calib, "-o", out}).code == 0);
  const Result result = run("vit_infer", {"-m", out, calib + "/0.png", "--check-range"});
  CHECK(result.code == 0);
  CHECK(result.err.find("each row finds its own") != std::string::npos);
  CHECK(result.out == run("vit_infer", {"-m", out, calib + "/0.png"}).out);
}

TEST_CASE("every recipe's files run, with the most and the fewest bits that can be asked for") {
  const TempFolder temp;
  const std::string model = make_model(temp);
  const std::string calib = make_images(temp, 2);
  const std::string out = (temp.path() / "x.safetensors").string();
  const auto check_runs = [&](std::vector<std::string> options) {
    options.insert(options.begin(), {model, "--calib", calib, "-o", out, "--force"});
    const Result made = quantize(std::move(options));
    REQUIRE_MESSAGE(made.code == 0, made.err);
    const Result answer = run("vit_infer", {"-m", out, calib + "/0.png"});
    CHECK_MESSAGE(answer.code == 0, answer.err);
  };
  for (const char* recipe :
       {"default", "near-float", "paper", "minmax", "percentile", "mse", "entropy"}) {
    CAPTURE(recipe);
    check_runs({"--recipe", recipe, "--set", ".=w2a2"});
    check_runs({"--recipe", recipe, "--weight-bits", "8", "--act-bits", "2"});
    check_runs({"--recipe", recipe, "--weight-bits", "2", "--act-bits", "8"});
    check_runs({"--recipe", recipe, "--set", ".=w16a16"});
  }
  check_runs(
      {"--recipe", "paper", "--bits-by", "module", "--candidates", "2,3", "--budget-bits", "2"});
  CHECK(quantize({model, "--calib", calib, "-o", out, "--act-bits", "1"}).code == 2);
  CHECK(quantize({model, "--calib", calib, "-o", out, "--weight-bits", "17"}).code == 2);
}
