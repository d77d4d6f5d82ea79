// SPDX-License-Identifier: Apache-2.0
// What vit_quantize does for few bits, and what the programs say of it.
#include "run.h"
#include "vitq/json.h"

using namespace vitq;
using namespace vitq::test;

namespace {

// A model and images to calibrate on.
struct Desk {
  TempFolder temp;
  std::string model = make_model(temp);
  std::string out = (temp.path() / "few.safetensors").string();
  std::string calib = (temp.path() / "calib").string();

  Desk() {
    fs::create_directories(calib);
    for (int i = 0; i < 4; ++i) write_image(temp, "calib/" + std::to_string(i) + ".png", i);
  }
  Result quantize(std::vector<std::string> more) const {
    std::vector<std::string> all = {model, "--calib", calib, "-o", out, "--force"};
    all.insert(all.end(), more.begin(), more.end());
    return run("vit_quantize", std::move(all));
  }
};

}  // namespace

TEST_CASE("what is said of few bits names those of output tokens, and what is clipped") {
  const Desk desk;
  const std::string report = (desk.temp.path() / "report.csv").string();
  REQUIRE(desk.quantize({"--weight-bits", "4", "--act-bits", "4", "--report", report}).code == 0);
  CHECK(contents_of(report).find("blocks.0.mlp.fc1,layer,w4a4 (output tokens a8),") !=
        std::string::npos);
  const Result plan = desk.quantize({"--dry-run", "--weight-bits", "4", "--act-bits", "4"});
  CHECK(plan.out.find("w4a4 (output tokens a8)") != std::string::npos);

  const Result text = run("vit_inspect", {desk.out});
  CHECK(text.out.find("bits           w8a8: 2, w4a4 (output tokens a8): 8, of which") !=
        std::string::npos);
  CHECK(text.out.find("a4 (output tokens a8): 2") != std::string::npos);
  const Json json = Json::parse(run("vit_inspect", {desk.out, "-f", "json"}).out, "inspect");
  CHECK(json.at("quantized").items().size() == 3);
  CHECK(run("vit_inspect", {desk.model}).out.find("\nbits ") == std::string::npos);

  const Result explained = run("vit_infer", {"-m", desk.out, "--explain"});
  CHECK(explained.out.find("LayerNorm + codes of 4 bits (output tokens 8)") != std::string::npos);
  CHECK(explained.out.find(" + codes of 4 bits (output tokens 8), clipped") != std::string::npos);
  CHECK(explained.out.find("Attention of 4 bits (output tokens 8)") != std::string::npos);
}

TEST_CASE("vit_inspect --compare sees through the rotation of networks of few bits") {
  const Desk desk;
  const auto record = [&desk] {
    const Weights weights = read_safetensors(desk.out);
    return Json::parse(weights.metadata.at("vitq"), "vitq").at("quantization");
  };
  REQUIRE(desk.quantize({"--weight-bits", "6"}).code == 0);
  CHECK(record().at("rotated").boolean());
  const Result compared =
      run("vit_inspect", {"--compare", desk.model, desk.out, desk.calib + "/0.png", "-f", "json"});
  REQUIRE_MESSAGE(compared.code == 0, compared.err);
  for (const Json& layer : Json::parse(compared.out, "compare").at("layers").items()) {
    CAPTURE(layer.at("layer").string());
    CHECK(layer.at("snr_db").number() > 12.0);
  }
  REQUIRE(desk.quantize({}).code == 0);
  CHECK_FALSE(record().contains("rotated"));
}
