// SPDX-License-Identifier: Apache-2.0
// vit_quantize --integer-only, the programs on what it makes, and vit_export.
#include "run.h"
#include "vitq/json.h"
#include "vitq/model.h"
#include "vitq/model_file.h"

using namespace vitq;
using namespace vitq::test;

namespace {

struct IntegerOnlyWorkplace {
  explicit IntegerOnlyWorkplace(const std::string& name = "hf_vit")
      : model(make_model(temp, name)) {
    fs::create_directories(temp.path() / "calib");
    write_image(temp, "calib/a.png", 0);
    write_image(temp, "calib/b.png", 1);
    calibration = (temp.path() / "calib").string();
    out = (temp.path() / "out.safetensors").string();
    folder = (temp.path() / "c").string();
  }

  Result quantize(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = {model, "--calib", calibration, "-o", out};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run("vit_quantize", arguments);
  }

  TempFolder temp;
  std::string model, calibration, out, folder;
};

}  // namespace

TEST_CASE("a model quantized for integers only says so, and every program runs it so") {
  const IntegerOnlyWorkplace work;
  const Result made = work.quantize({"--integer-only"});
  REQUIRE(made.code == 0);
  CHECK(made.err.find("in float       nothing\n") != std::string::npos);
  CHECK(numerics_of(Model::load(work.out).info()) == Numerics::kIntegerOnly);
  CHECK(run("vit_inspect", {work.out}).out.find("integers only") != std::string::npos);
  const Result explained = run("vit_infer", {"-m", work.out, "--explain"});
  CHECK(explained.out.find("ToFloat") != std::string::npos);
  CHECK(explained.out.find("integers") != std::string::npos);
  const Result compared = run("vit_eval", {work.out, "--against", work.model, "--images",
                                           work.calibration, "--format", "json"});
  REQUIRE(compared.code == 0);
  const Json json = Json::parse(compared.out, "stdout");
  CHECK(json.at("against").at("logit_snr_db").number() > 20.0);
}

TEST_CASE("a detector is quantized for integers only with the layers that are kept otherwise") {
  const IntegerOnlyWorkplace work("hf_detr");
  REQUIRE(work.quantize({"--integer-only"}).code == 0);
  const Result found = run("vit_infer", {"-m", work.out, work.calibration, "--threshold", "0.01"});
  CHECK(found.code == 0);
}

TEST_CASE("what integers only cannot do is refused before anything is calibrated") {
  const IntegerOnlyWorkplace work;
  check_refused(work.quantize({"--integer-only", "--keep", "head"}), 4, "would stay in float");
  check_refused(work.quantize({"--integer-only", "--recipe", "minmax"}), 4, "ranges per token");
  check_refused(work.quantize({"--integer-only", "--weight-bits", "10"}), 4, "at most 8 bits");
  check_refused(work.quantize({"--integer-only", "--act-bits", "9"}), 4, "at most 8 bits");
  CHECK(!fs::exists(work.out));
}

TEST_CASE("a file with numerics of another word is refused") {
  const IntegerOnlyWorkplace work;
  REQUIRE(work.quantize({}).code == 0);
  Weights weights = read_safetensors(work.out);
  ModelInfo info = read_model_info(weights, work.out);
  info.quantization.set("numerics", "roman");
  write_model(work.out, info, weights, Overwrite::kYes);
  check_refused(run("vit_infer", {"-m", work.out, work.calibration}), 4, "expected integer_only");
}

TEST_CASE("vit_export writes C, overwrites nothing, and refuses a float model") {
  const IntegerOnlyWorkplace work;
  REQUIRE(work.quantize({}).code == 0);
  const Result made = run("vit_export", {work.out, "-o", work.folder});
  REQUIRE(made.code == 0);
  CHECK(made.err.find("of static memory") != std::string::npos);
  const std::string header = contents_of(fs::path(work.folder) / "model.h");
  CHECK(header.find("void vitq_model_run(const uint8_t* image, int32_t* logits);") !=
        std::string::npos);
  check_refused(run("vit_export", {work.out, "-o", work.folder}), 3, "--force");
  CHECK(run("vit_export", {work.out, "-o", work.folder, "--force"}).code == 0);
  const std::string other = (work.temp.path() / "other").string();
  check_refused(run("vit_export", {work.model, "-o", other}), 4, "integers only");
  CHECK(!fs::exists(other));
}
